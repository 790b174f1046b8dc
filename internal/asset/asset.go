package asset

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The media types that assets have.
const (
	TypeCSS  = "text/css; charset=utf-8"
	TypeHTML = "text/html; charset=utf-8"
	TypeJS   = "text/javascript; charset=utf-8"
	TypeSVG  = "image/svg+xml"
	TypeText = "text/plain; charset=utf-8"
)

// Asset is one file, as the binary holds it.
type Asset struct {
	contentType string
	stored      string
	compressed  bool   // stored is gzip
	hash        string // of stored
}

// Plain is a file that is sent as it is.
func Plain(contentType, content string) Asset {
	return Asset{contentType: contentType, stored: content, hash: hashOf(content)}
}

// Gzipped is a file whose content is given in gzip.
func Gzipped(contentType, content string) Asset {
	return Asset{contentType: contentType, stored: content, compressed: true, hash: hashOf(content)}
}

// hashOf is half a SHA-256: far more than telling versions of a file apart takes, and short in a URL.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:16])
}

// serve answers with the asset, in gzip where it is stored so and the client prefers it.
func (a Asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", a.cacheControl(r))
	if a.compressed {
		h.Add("Vary", "Accept-Encoding")
	}
	asGzip := a.compressed && prefersGzip(r.Header.Values("Accept-Encoding"))
	if notModified(w, r, a.etag(asGzip)) {
		return
	}
	h.Set("Content-Type", a.contentType)
	if asGzip {
		h.Set("Content-Encoding", "gzip")
	}
	a.send(w, r, asGzip)
}

// cacheControl lets a client keep for good only what it asked for by hash: the bare address serves another content
// after an upgrade.
func (a Asset) cacheControl(r *http.Request) string {
	if r.URL.Query().Get("v") == a.hash {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// etag differs between the two encodings because a strong one stands for the very bytes that are sent.
func (a Asset) etag(asGzip bool) string {
	if asGzip {
		return `"` + a.hash + `-gzip"`
	}
	return `"` + a.hash + `"`
}

func (a Asset) send(w http.ResponseWriter, r *http.Request, asGzip bool) {
	if !a.compressed || asGzip {
		send(w, r, int64(len(a.stored)), strings.NewReader(a.stored))
		return
	}
	content, err := gzip.NewReader(strings.NewReader(a.stored))
	if err != nil { // the embedded file is broken, which a test rules out
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	send(w, r, a.inflatedSize(), content)
}

// inflatedSize reads the last field of a gzip file, the length of its content.
func (a Asset) inflatedSize() int64 {
	trailer := a.stored[len(a.stored)-4:]
	return int64(binary.LittleEndian.Uint32([]byte(trailer)))
}

// send writes size bytes of body, or none for HEAD. It streams: what a client reads slowly is not held in memory
// twice. An error can only be the client's going away, which leaves nobody to tell.
func send(w http.ResponseWriter, r *http.Request, size int64, body io.Reader) {
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if r.Method != http.MethodHead {
		_, _ = io.CopyN(w, body, size)
	}
}
