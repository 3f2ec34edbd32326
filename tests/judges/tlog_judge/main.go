// An outside judge of a transparency log served as C2SP tlog-tiles: what it says about a log comes
// from golang.org/x/mod (tree, proofs, signed notes) and from what the log serves, from nothing
// else. It must not share code with the log that it judges. Source: https://c2sp.org/tlog-tiles.
//
// It prints one line a verified fact. Exit status: 0 everything holds, 1 something does not (one
// line on stderr names it), 2 wrong usage or a local file that cannot be used.
package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const usageText = `usage: tlog_judge --url http://HOST:PORT[/PREFIX] --key VKEY [--ca FILE]
         [--message FILE --index I]... [--old-checkpoint FILE] [--save-checkpoint FILE] [--headers]
         [--entries-key HEXSEED --entries-keyid ID]
`

// usageError is what the caller did wrong, not the log.
type usageError struct{ error }

func usagef(format string, args ...interface{}) error {
	return usageError{fmt.Errorf(format, args...)}
}

// A claim is that a message is in the log at an index.
type claim struct {
	file  string
	index int64
}

type options struct {
	url, key, ca, oldCheckpoint, saveCheckpoint string
	entriesKey, entriesKeyID                    string
	headers                                     bool
	claims                                      []claim
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("tlog_judge", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main says it, in one line
	flags.StringVar(&o.url, "url", "", "the log's URL prefix")
	flags.StringVar(&o.key, "key", "", "the log's verifier key, NAME+ID+KEY")
	flags.StringVar(&o.ca, "ca", "", "certificates (PEM) to trust for https")
	flags.StringVar(&o.oldCheckpoint, "old-checkpoint", "", "an earlier checkpoint of the log")
	flags.StringVar(&o.saveCheckpoint, "save-checkpoint", "", "where to keep the verified checkpoint")
	flags.BoolVar(&o.headers, "headers", false, "check content types and caching, too")
	flags.StringVar(&o.entriesKey, "entries-key", "", "Ed25519 seed (hex) that signs reads of entries")
	flags.StringVar(&o.entriesKeyID, "entries-keyid", "", "that key's id")
	pending := false
	flags.Func("message", "a message's bytes; --index follows", func(file string) error {
		if pending {
			return errors.New("the --message before it has no --index")
		}
		pending = true
		o.claims = append(o.claims, claim{file: file})
		return nil
	})
	flags.Func("index", "the log index of the --message before it", func(text string) error {
		index, err := strconv.ParseInt(text, 10, 64)
		if err != nil || index < 0 {
			return errors.New("not a log index")
		}
		if !pending {
			return errors.New("no --message before it")
		}
		pending = false
		o.claims[len(o.claims)-1].index = index
		return nil
	})
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, usageError{err}
	}
	switch {
	case flags.NArg() != 0:
		return o, usagef("%q is no option", flags.Arg(0))
	case o.url == "" || o.key == "":
		return o, usagef("--url and --key are needed")
	case pending:
		return o, usagef("--message without --index")
	case (o.entriesKey == "") != (o.entriesKeyID == ""):
		return o, usagef("--entries-key and --entries-keyid go together")
	}
	return o, nil
}

// newJudge reads everything local first, so that wrong usage is told before a request is sent.
func newJudge(o options) (*judge, error) {
	verifier, err := note.NewVerifier(o.key)
	if err != nil {
		return nil, usagef("--key: %v", err)
	}
	site, err := newSite(o.url, o.ca)
	if err != nil {
		return nil, err
	}
	j := &judge{site: site, verifier: verifier, headers: o.headers}
	if o.entriesKey != "" {
		seed, err := hex.DecodeString(o.entriesKey)
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, usagef("--entries-key: not %d bytes in hex", ed25519.SeedSize)
		}
		j.reader = &requestSigner{key: ed25519.NewKeyFromSeed(seed), keyID: o.entriesKeyID}
	}
	return j, nil
}

func readFile(option, name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("%s: %v", option, err)
	}
	return data, nil
}

func run(args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	j, err := newJudge(o)
	if err != nil {
		return err
	}
	var messages [][]byte
	for _, c := range o.claims {
		message, err := readFile("--message", c.file)
		if err != nil {
			return err
		}
		messages = append(messages, message)
	}
	var old []byte
	if o.oldCheckpoint != "" {
		if old, err = readFile("--old-checkpoint", o.oldCheckpoint); err != nil {
			return err
		}
	}

	signed, err := j.fetchCheckpoint()
	if err != nil {
		return err
	}
	if err := j.checkTiles(); err != nil {
		return err
	}
	for i, c := range o.claims {
		if err := j.checkInclusion(messages[i], c.index); err != nil {
			return err
		}
	}
	if o.oldCheckpoint != "" {
		if err := j.checkConsistency(old); err != nil {
			return err
		}
	}
	if j.reader != nil {
		if err := j.checkEntries(); err != nil {
			return err
		}
	}
	if j.headers {
		if err := j.checkAbsent(); err != nil {
			return err
		}
	}
	if o.saveCheckpoint != "" {
		if err := os.WriteFile(o.saveCheckpoint, signed, 0o644); err != nil {
			return usagef("--save-checkpoint: %v", err)
		}
	}
	return nil
}

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(usageText)
		os.Exit(0)
	}
	fmt.Fprintf(os.Stderr, "tlog_judge: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
	var usage usageError
	if errors.As(err, &usage) {
		os.Exit(2)
	}
	os.Exit(1)
}
