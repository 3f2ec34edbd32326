// Entry bundles, read with requests signed by RFC 9421.

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	entryBytesMax     = 1<<16 - 1
	bundleBytesMax    = tileWidth * (2 + entryBytesMax)
	signatureLifetime = time.Minute
)

type requestSigner struct {
	key   ed25519.PrivateKey
	keyID string
}

// authority is RFC 9421's @authority (section 2.2.3).
func authority(r *http.Request) string {
	host := strings.ToLower(r.URL.Host)
	switch r.URL.Scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// quoted is a string of RFC 8941, section 3.3.3.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// sign adds Signature-Input and Signature with a fresh nonce.
func (s *requestSigner) sign(r *http.Request) error {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return err
	}
	created := time.Now()
	parameters := fmt.Sprintf(`("@method" "@authority" "@path" "@query")`+
		`;created=%d;expires=%d;nonce=%s;keyid=%s;alg="ed25519";tag="daybook-read"`,
		created.Unix(), created.Add(signatureLifetime).Unix(), quoted(hex.EncodeToString(nonce[:])),
		quoted(s.keyID))
	base := fmt.Sprintf("\"@method\": %s\n\"@authority\": %s\n\"@path\": %s\n\"@query\": ?%s\n"+
		"\"@signature-params\": %s",
		r.Method, authority(r), r.URL.EscapedPath(), r.URL.RawQuery, parameters)
	signature := ed25519.Sign(s.key, []byte(base))
	r.Header.Set("Signature-Input", "daybook="+parameters)
	r.Header.Set("Signature", "daybook=:"+base64.StdEncoding.EncodeToString(signature)+":")
	return nil
}

// parseBundle takes a bundle apart; every byte belongs to one of exactly count entries.
func parseBundle(data []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("entry %d: one byte of a length", len(entries))
		}
		size := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+size {
			return nil, fmt.Errorf("entry %d: %d bytes of %d", len(entries), len(data)-2, size)
		}
		entries = append(entries, data[2:2+size])
		data = data[2+size:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%d entries, not %d", len(entries), count)
	}
	return entries, nil
}

// fetchBundle gives exactly t.W entries.
func (j *judge) fetchBundle(t tlog.Tile) ([][]byte, error) {
	served, a, err := j.getTile(t, bundleBytesMax, j.reader)
	if err != nil {
		return nil, err
	}
	path := tilePath(served)
	if j.headers {
		// How long a bundle may be kept is not judged: it is not for everyone, and a log may well
		// keep it out of caches.
		if err := checkContentType(path, a, "application/octet-stream"); err != nil {
			return nil, err
		}
	}
	entries, err := parseBundle(a.body, served.W)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	return entries[:t.W], nil
}

// checkEntries hashes every entry and compares it with its place in the level-0 tile.
func (j *judge) checkEntries() error {
	count := int64(0)
	err := eachTile(j.tree.N, entriesLevel, func(t tlog.Tile) error {
		entries, err := j.fetchBundle(t)
		if err != nil {
			return err
		}
		tile := t
		tile.L = 0
		leaves := j.tiles[tile]
		for i, entry := range entries {
			leaf := tlog.RecordHash(entry)
			if string(leaf[:]) != string(leaves[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
				return fmt.Errorf("%s: entry %d is not the leaf of %s", tilePath(t), i, tilePath(tile))
			}
			count++
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("entries: %d verified\n", count)
	return nil
}
