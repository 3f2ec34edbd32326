// GET requests to the judged log, and what the specification asks of the answers' headers.

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	requestTimeout = 30 * time.Second
	// "Prevent caching beyond a few seconds" and "long-lived" (tlog-tiles, Checkpoints and Merkle
	// Tree) name no figures: these are what this judge takes them for.
	mutableAgeMaxS   = 10
	immutableAgeMinS = 24 * 60 * 60
)

type site struct {
	base   *url.URL // its path without a slash at the end
	client *http.Client
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func newSite(text, caFile string) (*site, error) {
	base, err := url.Parse(text)
	if err != nil {
		return nil, usagef("--url: %v", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil ||
		base.RawQuery != "" || base.Fragment != "" {
		return nil, usagef("--url: %q is no http(s)://HOST[:PORT][/PREFIX]", text)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	transport := &http.Transport{DisableCompression: true} // compression: see get
	if caFile != "" {
		pem, err := readFile("--ca", caFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, usagef("--ca: no certificate in %s", caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &site{base: base, client: &http.Client{
		Transport:     transport,
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// get reads path below the prefix; a body over bytesMax fails. signer may be nil.
func (s *site) get(path string, bytesMax int64, signer *requestSigner) (answer, error) {
	target := *s.base
	target.Path += "/" + path
	request, err := http.NewRequest(http.MethodGet, target.String(), nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Accept-Encoding", "gzip, identity")
	if signer != nil {
		if err := signer.sign(request); err != nil {
			return answer{}, err
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %v", path, err)
	}
	defer response.Body.Close()
	body := io.Reader(response.Body)
	// A log may compress without being asked (tlog-tiles, Log entries).
	switch encoding := response.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		if body, err = gzip.NewReader(body); err != nil {
			return answer{}, fmt.Errorf("%s: %v", path, err)
		}
	default:
		return answer{}, fmt.Errorf("%s: content encoding %q was not asked for", path, encoding)
	}
	var read bytes.Buffer
	if _, err := io.Copy(&read, io.LimitReader(body, bytesMax+1)); err != nil {
		return answer{}, fmt.Errorf("%s: %v", path, err)
	}
	if int64(read.Len()) > bytesMax {
		return answer{}, fmt.Errorf("%s: over %d bytes", path, bytesMax)
	}
	return answer{response.StatusCode, response.Header, read.Bytes()}, nil
}

// checkContentType compares type and parameters, not their spelling.
func checkContentType(path string, a answer, want string) error {
	got := a.header.Get("Content-Type")
	gotType, gotParameters, err := mime.ParseMediaType(got)
	wantType, wantParameters, _ := mime.ParseMediaType(want)
	same := err == nil && gotType == wantType && len(gotParameters) == len(wantParameters)
	for name, value := range wantParameters {
		same = same && strings.EqualFold(gotParameters[name], value)
	}
	if !same {
		return fmt.Errorf("%s: content type %q, not %q", path, got, want)
	}
	return nil
}

// cacheControl gives the directives in lower case; ageS is -1 when none bounds the age.
func cacheControl(h http.Header) (directives map[string]bool, ageS int64) {
	directives, ageS = map[string]bool{}, -1
	for _, part := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		pair := strings.SplitN(strings.ToLower(strings.TrimSpace(part)), "=", 2)
		directives[pair[0]] = true
		if len(pair) != 2 || pair[0] != "max-age" && pair[0] != "s-maxage" {
			continue
		}
		if age, err := strconv.ParseInt(strings.Trim(pair[1], `"`), 10, 64); err == nil && age > ageS {
			ageS = age
		}
	}
	return directives, ageS
}

func checkShortLived(path string, a answer) error {
	directives, ageS := cacheControl(a.header)
	if directives["no-store"] || directives["no-cache"] {
		return nil
	}
	if ageS >= 0 && ageS <= mutableAgeMaxS && !directives["immutable"] {
		return nil
	}
	return fmt.Errorf("%s: cache control %q lets a cache keep what changes", path,
		a.header.Get("Cache-Control"))
}

func checkLongLived(path string, a answer) error {
	directives, ageS := cacheControl(a.header)
	if ageS >= immutableAgeMinS && !directives["no-store"] && !directives["no-cache"] {
		return nil
	}
	return fmt.Errorf("%s: cache control %q does not let a cache keep what never changes", path,
		a.header.Get("Cache-Control"))
}
