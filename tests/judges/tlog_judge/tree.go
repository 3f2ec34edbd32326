// The checkpoint, the hash tiles below it, and the proofs that follow from them.

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight         = 8
	tileWidth          = 1 << tileHeight
	checkpointBytesMax = 1 << 20
	entriesLevel       = -1 // as in tlog.Tile: what the leaves are made of
)

type judge struct {
	site     *site
	verifier note.Verifier
	headers  bool
	reader   *requestSigner // nil: entries are not read

	tree   tlog.Tree
	tiles  map[tlog.Tile][]byte // all that the tree has, as served
	leaves storedHashes         // made of the level-0 tiles alone
}

// storedHashes is a tree in tlog's order of storage.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d is not in the tree", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// tilePath is tlog's path, less the height that C2SP leaves out, and with C2SP's word for entries.
func tilePath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// rootOf is RFC 6962's, also of no leaves, where tlog has 32 zero bytes.
func rootOf(size int64, hashes tlog.HashReader) (tlog.Hash, error) {
	if size == 0 {
		return sha256.Sum256(nil), nil
	}
	return tlog.TreeHash(size, hashes)
}

// parseCheckpoint takes the text of a note (tlog-checkpoint, Note text).
func parseCheckpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return tlog.Tree{}, errors.New("fewer than three lines")
	}
	for i, line := range lines {
		if line == "" {
			return tlog.Tree{}, fmt.Errorf("line %d is empty", i+1)
		}
	}
	if lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("origin %q is not the key's name %q", lines[0], origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return tlog.Tree{}, fmt.Errorf("%q is no tree size", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%q is no root hash", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

func (j *judge) openCheckpoint(signed []byte) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(j.verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	return parseCheckpoint(opened.Text, j.verifier.Name())
}

// fetchCheckpoint sets the tree that everything else is judged by.
func (j *judge) fetchCheckpoint() (signed []byte, err error) {
	a, err := j.site.get("checkpoint", checkpointBytesMax, nil)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("checkpoint: status %d", a.status)
	}
	if j.tree, err = j.openCheckpoint(a.body); err != nil {
		return nil, fmt.Errorf("checkpoint: %v", err)
	}
	fmt.Printf("checkpoint: %s size %d root %s\n", j.verifier.Name(), j.tree.N, j.tree.Hash)
	if j.headers {
		if err := checkContentType("checkpoint", a, "text/plain; charset=utf-8"); err != nil {
			return nil, err
		}
		if err := checkShortLived("checkpoint", a); err != nil {
			return nil, err
		}
		fmt.Println("headers: checkpoint verified")
	}
	return a.body, nil
}

// getTile asks for a tile or a bundle, and for the full one where a partial one is missing: it may
// have been replaced since the checkpoint was read (tlog-tiles, Partial Tiles). It says which came.
func (j *judge) getTile(t tlog.Tile, bytesMax int64, reader *requestSigner) (tlog.Tile, answer, error) {
	served := t
	a, err := j.site.get(tilePath(t), bytesMax, reader)
	if err == nil && a.status == http.StatusNotFound && t.W < tileWidth {
		served.W = tileWidth
		a, err = j.site.get(tilePath(served), bytesMax, reader)
		if err == nil && a.status != http.StatusOK {
			served = t // the partial one is what is missing
		}
	}
	if err != nil {
		return served, a, err
	}
	if a.status != http.StatusOK {
		return served, a, fmt.Errorf("%s: status %d", tilePath(served), a.status)
	}
	return served, a, nil
}

// fetchTile gives exactly t.W hashes.
func (j *judge) fetchTile(t tlog.Tile) ([]byte, error) {
	served, a, err := j.getTile(t, tileWidth*tlog.HashSize, nil)
	if err != nil {
		return nil, err
	}
	path := tilePath(served)
	if len(a.body) != served.W*tlog.HashSize {
		return nil, fmt.Errorf("%s: %d bytes, not %d", path, len(a.body), served.W*tlog.HashSize)
	}
	if j.headers {
		if err := checkImmutable(path, a); err != nil {
			return nil, err
		}
	}
	return a.body[:t.W*tlog.HashSize], nil
}

func checkImmutable(path string, a answer) error {
	if err := checkContentType(path, a, "application/octet-stream"); err != nil {
		return err
	}
	return checkLongLived(path, a)
}

// eachTile visits the tiles of one level, the partial one last; level 0 of entries is entriesLevel.
func eachTile(size int64, level int, visit func(tlog.Tile) error) error {
	hashes := size
	if level > 0 {
		hashes = size >> uint(tileHeight*level)
	}
	for n := int64(0); n<<tileHeight < hashes; n++ {
		width := int64(tileWidth)
		if left := hashes - n<<tileHeight; left < width {
			width = left
		}
		if err := visit(tlog.Tile{H: tileHeight, L: level, N: n, W: int(width)}); err != nil {
			return err
		}
	}
	return nil
}

// levels is the number of tile levels that a tree of that size has.
func levels(size int64) int {
	count := 0
	for ; size > 0; size >>= tileHeight {
		count++
	}
	return count
}

// checkTiles reads every tile, compares each with what the leaf hashes make, and then the root.
func (j *judge) checkTiles() error {
	j.tiles = map[tlog.Tile][]byte{}
	for level := 0; level < levels(j.tree.N); level++ {
		err := eachTile(j.tree.N, level, func(t tlog.Tile) error {
			data, err := j.fetchTile(t)
			if err != nil {
				return err
			}
			j.tiles[t] = data
			if level == 0 {
				return j.addLeaves(t, data)
			}
			made, err := tlog.ReadTileData(t, j.leaves)
			if err != nil {
				return err
			}
			if !bytes.Equal(made, data) {
				return fmt.Errorf("%s: not the hashes of the tiles below it", tilePath(t))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	root, err := rootOf(j.tree.N, j.leaves)
	if err != nil {
		return err
	}
	if root != j.tree.Hash {
		return fmt.Errorf("root: the checkpoint has %s, the level-0 tiles give %s", j.tree.Hash, root)
	}
	fmt.Printf("tiles: %d verified\n", len(j.tiles))
	fmt.Printf("root: recomputed from %d leaf hashes\n", j.tree.N)
	return nil
}

func (j *judge) addLeaves(t tlog.Tile, data []byte) error {
	for i := 0; i < t.W; i++ {
		var leaf tlog.Hash
		copy(leaf[:], data[i*tlog.HashSize:])
		hashes, err := tlog.StoredHashesForRecordHash(t.N<<tileHeight+int64(i), leaf, j.leaves)
		if err != nil {
			return err
		}
		j.leaves = append(j.leaves, hashes...)
	}
	return nil
}

// servedTiles is tlog's view of what was served; tlog verifies all of it against the root again.
type servedTiles map[tlog.Tile][]byte

func (s servedTiles) Height() int { return tileHeight }

func (s servedTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		var known bool
		if data[i], known = s[t]; !known {
			return nil, fmt.Errorf("%s: not a tile of this tree", tilePath(t))
		}
	}
	return data, nil
}

func (s servedTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (j *judge) checkInclusion(message []byte, index int64) error {
	if index >= j.tree.N {
		return fmt.Errorf("inclusion: index %d is not in a tree of size %d", index, j.tree.N)
	}
	hashes := tlog.TileHashReader(j.tree, servedTiles(j.tiles))
	proof, err := tlog.ProveRecord(j.tree.N, index, hashes)
	if err != nil {
		return fmt.Errorf("inclusion: index %d: %v", index, err)
	}
	leaf := tlog.RecordHash(message)
	if err := tlog.CheckRecord(proof, j.tree.N, j.tree.Hash, index, leaf); err != nil {
		return fmt.Errorf("inclusion: this message is not at index %d", index)
	}
	fmt.Printf("inclusion: index %d of %d verified\n", index, j.tree.N)
	return nil
}

func (j *judge) checkConsistency(signed []byte) error {
	old, err := j.openCheckpoint(signed)
	if err != nil {
		return fmt.Errorf("old checkpoint: %v", err)
	}
	inconsistent := fmt.Errorf(
		"consistency: the tree of size %d is not the beginning of the one of size %d", old.N, j.tree.N)
	switch {
	case old.N > j.tree.N:
		return fmt.Errorf("consistency: the log had size %d and now has %d", old.N, j.tree.N)
	case old.N == 0:
		if empty, _ := rootOf(0, nil); old.Hash != empty {
			return fmt.Errorf("old checkpoint: %s is not the root of no leaves", old.Hash)
		}
	case old.N == j.tree.N:
		if old.Hash != j.tree.Hash {
			return inconsistent
		}
	default:
		hashes := tlog.TileHashReader(j.tree, servedTiles(j.tiles))
		proof, err := tlog.ProveTree(j.tree.N, old.N, hashes)
		if err != nil {
			return fmt.Errorf("consistency: %v", err)
		}
		if err := tlog.CheckTree(proof, j.tree.N, j.tree.Hash, old.N, old.Hash); err != nil {
			return inconsistent
		}
	}
	fmt.Printf("consistency: %d -> %d verified\n", old.N, j.tree.N)
	return j.checkOldPartialTiles(old)
}

// checkOldPartialTiles: a partial tile of a published checkpoint must be served until the full tile
// is, and is for ever the full one's beginning (tlog-tiles, Partial Tiles).
func (j *judge) checkOldPartialTiles(old tlog.Tree) error {
	count := 0
	for level := 0; level < levels(old.N); level++ {
		hashes := old.N >> uint(tileHeight*level)
		width := int(hashes % tileWidth)
		if width == 0 {
			continue
		}
		t := tlog.Tile{H: tileHeight, L: level, N: hashes >> tileHeight, W: width}
		served, err := j.fetchTile(t)
		if err != nil {
			return err
		}
		made, err := tlog.ReadTileData(t, j.leaves)
		if err != nil {
			return err
		}
		if !bytes.Equal(made, served) {
			return fmt.Errorf("%s: not the beginning of the tile that it became", tilePath(t))
		}
		count++
	}
	fmt.Printf("tiles of size %d: %d partial ones verified\n", old.N, count)
	return nil
}
