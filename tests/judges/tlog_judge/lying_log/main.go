// A small log for proving the judge itself: it serves trees of random messages, honest ones and
// ones that lie in one named way. It is no part of the judge and no judge of anything.
//
// The URL chooses: /LIE/SIZE/checkpoint, /LIE/SIZE/tile/... Trees of all sizes share their
// messages, so that each is the beginning of the next. It prints one line, "HTTP-PORT HTTPS-PORT", and writes
// into --dir: vkey, other-vkey, ca.pem, reader-seed, message-INDEX.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	sizeMax   = 65536 + 300
	width     = 256
	origin    = "log.example.com/shops"
	readerID  = "reader-1"
	forkIndex = 5 // the first message that differs in a forked history
)

type tree struct {
	messages [][]byte
	hashes   []tlog.Hash
}

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = t.hashes[index]
	}
	return hashes, nil
}

func (t *tree) add(message []byte) {
	hashes, err := tlog.StoredHashes(int64(len(t.messages)), message, t)
	must(err)
	t.messages = append(t.messages, message)
	t.hashes = append(t.hashes, hashes...)
}

type server struct {
	trunk, fork   tree
	signer, other note.Signer
	reader        ed25519.PublicKey

	mutex  sync.Mutex
	nonces map[string]bool
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newServer(dir string, random *rand.Rand) *server {
	s := &server{nonces: map[string]bool{}}
	for i := 0; i < sizeMax; i++ {
		length := 8 + random.Intn(56)
		switch i { // the limits of an entry
		case 2:
			length = 0
		case 3:
			length = 1<<16 - 1
		}
		message := make([]byte, length)
		random.Read(message)
		s.trunk.add(message)
		if i < 1000 {
			if i == forkIndex {
				message = []byte("something else")
			}
			s.fork.add(message)
		}
	}
	write := func(name string, data []byte) {
		must(os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	newSigner := func(name, file string) note.Signer {
		private, public, err := note.GenerateKey(random, name)
		must(err)
		signer, err := note.NewSigner(private)
		must(err)
		write(file, []byte(public))
		return signer
	}
	s.signer = newSigner(origin, "vkey")
	s.other = newSigner(origin, "other-vkey")
	seed := make([]byte, ed25519.SeedSize)
	random.Read(seed)
	write("reader-seed", []byte(hex.EncodeToString(seed)))
	s.reader = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	for _, index := range []int{0, 1, 2, 3, 5, 254, 255, 256, sizeMax - 1} {
		write(fmt.Sprintf("message-%d", index), s.trunk.messages[index])
	}
	return s
}

func (s *server) checkpoint(t *tree, size int64, lie string) []byte {
	root, err := tlog.TreeHash(size, t)
	must(err)
	if size == 0 && lie != "zero-root" {
		root = sha256.Sum256(nil)
	}
	if lie == "wrong-root" {
		root[31] ^= 1
	}
	name, signer := origin, s.signer
	if lie == "wrong-origin" {
		name = "log.example.com/other"
	}
	if lie == "wrong-key" {
		signer = s.other
	}
	sizeText := strconv.FormatInt(size, 10)
	if lie == "leading-zero" {
		sizeText = "0" + sizeText
	}
	text := fmt.Sprintf("%s\n%s\n%s\n", name, sizeText, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	if lie == "wrong-signature" { // by the right key, of another text
		text := fmt.Sprintf("%s\n%d\n%s\n", name, size+1, root)
		other, err := note.Sign(&note.Note{Text: text}, signer)
		must(err)
		signed = append(signed[:bytes.LastIndex(signed, []byte("\n\n"))],
			other[bytes.LastIndex(other, []byte("\n\n")):]...)
	}
	return signed
}

var (
	pathForm   = regexp.MustCompile(`^/([a-z0-9-]+)/(\d+)/(.*)$`)
	paramsForm = regexp.MustCompile(`^daybook=(\("@method" "@authority" "@path" "@query"\);created=(\d+);` +
		`expires=(\d+);nonce="([^"]+)";keyid="([^"]+)";alg="ed25519";tag="daybook-read")$`)
)

// mayRead verifies the request's signature (RFC 9421) from what the server sees of it.
func (s *server) mayRead(r *http.Request) bool {
	found := paramsForm.FindStringSubmatch(r.Header.Get("Signature-Input"))
	value := r.Header.Get("Signature")
	if found == nil || !strings.HasPrefix(value, "daybook=:") || !strings.HasSuffix(value, ":") {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(value[len("daybook=:") : len(value)-1])
	if err != nil || found[5] != readerID {
		return false
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	base := `"@method": ` + r.Method + "\n" + `"@authority": ` + strings.ToLower(r.Host) + "\n" +
		`"@path": ` + path + "\n" + `"@query": ?` + query + "\n" + `"@signature-params": ` + found[1]
	created, _ := strconv.ParseInt(found[2], 10, 64)
	expires, _ := strconv.ParseInt(found[3], 10, 64)
	now := time.Now().Unix()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	fresh := !s.nonces[found[4]]
	s.nonces[found[4]] = true
	return fresh && created <= now && now < expires && ed25519.Verify(s.reader, []byte(base), signature)
}

// parseTile gives what a canonical path of the specification names.
func parseTile(path string) (tlog.Tile, bool) {
	rest := strings.TrimPrefix(path, "tile/")
	if rest == path || strings.HasPrefix(rest, "data/") {
		return tlog.Tile{}, false
	}
	if strings.HasPrefix(rest, "entries/") {
		rest = "data/" + strings.TrimPrefix(rest, "entries/")
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	return t, err == nil && t.L < 64
}

func bundle(messages [][]byte) []byte {
	var data []byte
	for _, message := range messages {
		data = binary.BigEndian.AppendUint16(data, uint16(len(message)))
		data = append(data, message...)
	}
	return data
}

// tamper is where tiles lie; flip-0, flip-1, ... alter the last tile of that level, flip-first the
// first of level 0.
func tamper(lie string, t tlog.Tile, size int64, data []byte) []byte {
	last := size>>uint(8*t.L)-1 == t.N<<8+int64(t.W)-1
	if lie == fmt.Sprintf("flip-%d", t.L) && last || lie == "flip-first" && t.L == 0 && t.N == 0 {
		data[len(data)-1] ^= 0x40
	}
	if lie == "short-tile" && last {
		data = data[:len(data)-1]
	}
	if lie == "long-tile" && last {
		data = append(data, make([]byte, tlog.HashSize)...)
	}
	return data
}

func (s *server) serveTile(w http.ResponseWriter, t *tree, tile tlog.Tile, size int64, lie string) {
	level := uint(0)
	if tile.L > 0 {
		level = uint(tile.L)
	}
	hashes := int64(0)
	if level < 8 {
		hashes = size >> (8 * level)
	}
	exists := tile.N < 1<<40 && tile.N<<8+int64(tile.W) <= hashes
	replaced := tile.W < width && tile.N<<8+width <= hashes // by the full one
	if replaced && (lie == "wrong-part" || lie == "grown") {
		exists = lie == "wrong-part"
	}
	if lie == "lost-partial" && !replaced && tile.N<<8+int64(tile.W) != hashes {
		exists = exists && tile.W == width
	}
	if !exists || lie == "no-partial" && tile.W < width || lie == "no-level1" && tile.L == 1 {
		if lie == "never-404" {
			w.Write(make([]byte, tile.W*tlog.HashSize))
			return
		}
		if lie == "kept-404" {
			w.Header().Set("Cache-Control", "max-age=31536000, immutable")
		}
		http.Error(w, "no such tile", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if lie == "html-tile" && tile.W < width {
		w.Header().Set("Content-Type", "text/html")
	}
	if lie == "uncached-tile" && tile.W == width {
		w.Header().Set("Cache-Control", "no-store")
	}
	if tile.L >= 0 {
		data, err := tlog.ReadTileData(tile, t)
		must(err)
		if lie == "wrong-part" && replaced {
			data[0] ^= 1
		}
		w.Write(tamper(lie, tile, size, data))
		return
	}
	start := tile.N << 8
	messages := append([][]byte{}, t.messages[start:start+int64(tile.W)]...)
	data := bundle(messages)
	switch lie {
	case "swapped-entry":
		messages[0], messages[1] = messages[1], messages[0]
		data = bundle(messages)
	case "missing-entry":
		data = bundle(messages[:len(messages)-1])
	case "extra-entry":
		data = bundle(append(messages, nil))
	case "cut-bundle":
		data = data[:len(data)-1]
	case "gzip":
		var packed bytes.Buffer
		packer := gzip.NewWriter(&packed)
		packer.Write(data)
		packer.Close()
		data = packed.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Write(data)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found := pathForm.FindStringSubmatch(r.URL.Path)
	if found == nil {
		http.NotFound(w, r)
		return
	}
	lie, rest := found[1], found[3]
	size, err := strconv.ParseInt(found[2], 10, 64)
	must(err)
	t := &s.trunk
	if lie == "forked" {
		t = &s.fork
	}
	if rest == "checkpoint" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		if lie == "kept-checkpoint" {
			w.Header().Set("Cache-Control", "max-age=3600")
		}
		if lie == "binary-checkpoint" {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		w.Write(s.checkpoint(t, size, lie))
		return
	}
	// "grown": the log has grown past this checkpoint and dropped the partial tiles that filled up.
	if lie == "grown" {
		size = (size/width + 1) * width
	}
	tile, ok := parseTile(rest)
	switch {
	case !ok && lie == "lax-paths":
		w.Write([]byte("anything"))
	case !ok:
		http.NotFound(w, r)
	case tile.L < 0 && !s.mayRead(r):
		http.Error(w, "not signed by a reader", http.StatusUnauthorized)
	default:
		s.serveTile(w, t, tile, size, lie)
	}
}

// certificate makes one for 127.0.0.1 that is its own authority.
func certificate(dir string) tls.Certificate {
	random := rand.New(rand.NewSource(time.Now().UnixNano())) // for tests only
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	must(err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(random, form, form, &key.PublicKey, key)
	must(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(os.WriteFile(filepath.Join(dir, "ca.pem"), text, 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func main() {
	dir := flag.String("dir", "", "where keys and messages are written")
	seed := flag.Int64("seed", 1, "of the random messages and keys")
	flag.Parse()
	s := newServer(*dir, rand.New(rand.NewSource(*seed)))
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	secure, err := tls.Listen("tcp", "127.0.0.1:0",
		&tls.Config{Certificates: []tls.Certificate{certificate(*dir)}})
	must(err)
	fmt.Println(plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port)
	quiet := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { must(quiet.Serve(secure)) }()
	must(quiet.Serve(plain))
}
