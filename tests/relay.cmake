# Tests of core/disk, core/wire and relay/.
add_library(daybook_sim_disk STATIC crash/disk_sim.cpp)
target_link_libraries(daybook_sim_disk PUBLIC daybook_options core_base core_disk)

daybook_test(disk_crash_test
  SOURCES crash/disk_crash_test.cpp
  USES core_disk daybook_sim_disk
  LABELS crash)

daybook_test(disk_unit_test
  SOURCES
    unit/disk_crc32c_test.cpp
    unit/disk_log_test.cpp
    unit/disk_segment_test.cpp
  USES core_disk daybook_sim_disk
  LABELS unit)
