// What a log must not serve: tiles that the tree does not have, and paths that are none.

package main

import (
	"bytes"
	"fmt"
	"net/http"

	"golang.org/x/mod/sumdb/tlog"
)

// Far enough that a log which grows while it is judged does not get there.
const beyondTiles = 1000000

// notPaths break one rule each of tlog-tiles, Merkle Tree.
var notPaths = []string{
	"tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/0", "tile/0/0000", "tile/0/x000",
	"tile/0/000/000", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/",
	"tile/0/",
}

// checkAbsent asks for tiles beyond the tree (404), for paths that are none (an error), and for a
// part of a full tile, which may be gone but must not be something else.
func (j *judge) checkAbsent() error {
	full := j.tree.N>>tileHeight + beyondTiles
	absent := []tlog.Tile{
		{H: tileHeight, L: 0, N: full, W: tileWidth},
		{H: tileHeight, L: 0, N: full, W: 1},
		{H: tileHeight, L: levels(j.tree.N) + 1, N: 0, W: tileWidth},
		{H: tileHeight, L: levels(j.tree.N) + 1, N: 0, W: 1},
		{H: tileHeight, L: 63, N: 0, W: 1},
	}
	for _, t := range absent {
		a, err := j.site.get(tilePath(t), checkpointBytesMax, nil)
		if err != nil {
			return err
		}
		if a.status != http.StatusNotFound {
			return fmt.Errorf("%s: status %d for a tile beyond the tree, not 404", tilePath(t), a.status)
		}
		if err := checkNotKept(tilePath(t), a); err != nil {
			return err
		}
	}
	for _, path := range notPaths {
		a, err := j.site.get(path, checkpointBytesMax, nil)
		if err != nil {
			return err
		}
		if a.status < 400 || a.status > 499 {
			return fmt.Errorf("%s: status %d for what is no tile's path", path, a.status)
		}
		if err := checkNotKept(path, a); err != nil {
			return err
		}
	}
	if err := j.checkPartOfFull(); err != nil {
		return err
	}
	fmt.Printf("headers: %d tiles verified, %d absent\n", len(j.tiles), len(absent)+len(notPaths))
	return nil
}

// checkNotKept: what is missing now may exist in a moment.
func checkNotKept(path string, a answer) error {
	directives, ageS := cacheControl(a.header)
	if directives["immutable"] || ageS > mutableAgeMaxS {
		return fmt.Errorf("%s: cache control %q lets a cache keep an error", path,
			a.header.Get("Cache-Control"))
	}
	return nil
}

func (j *judge) checkPartOfFull() error {
	if j.tree.N < tileWidth {
		return nil
	}
	part := tlog.Tile{H: tileHeight, L: 0, N: 0, W: 17}
	a, err := j.site.get(tilePath(part), checkpointBytesMax, nil)
	if err != nil || a.status >= 400 && a.status <= 499 {
		return err
	}
	whole := part
	whole.W = tileWidth
	if a.status != http.StatusOK || !bytes.Equal(a.body, j.tiles[whole][:part.W*tlog.HashSize]) {
		return fmt.Errorf("%s: not the beginning of %s", tilePath(part), tilePath(whole))
	}
	return checkImmutable(tilePath(part), a)
}
