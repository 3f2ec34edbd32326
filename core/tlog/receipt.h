// Receipt: what proves to its sender that a message is in the log.
// Must not know the network. Format: docs/message.cddl.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/tlog/note.h"
#include "core/tlog/tree.h"

namespace core::tlog {

struct Receipt {
  LogIndex index;
  std::string checkpoint;   // the signed note
  std::vector<Hash> proof;  // that the message is in the checkpoint's tree at `index`
  bool operator==(const Receipt&) const = default;
};

// The receipt's checkpoint, if it proves that the log of `relay` holds `message_id` at its index.
// Errors: those of open_checkpoint; kBadSignature (the proof does not lead to the root).
Result<Checkpoint> verify_receipt(const Receipt& receipt, const Hash& message_id,
                                  const NoteVerifier& relay);

// A CBOR array: [index, checkpoint, [proof]].
Bytes encode_receipt(const Receipt& receipt);
// Errors: kMalformed with the byte offset.
Result<Receipt> decode_receipt(ByteView bytes);

}  // namespace core::tlog
