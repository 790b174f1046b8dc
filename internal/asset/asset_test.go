package asset_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset"
	"github.com/userd/userd/internal/asset/assettest"
)

// large is the content of an asset of more than a MiB.
var large = strings.Repeat("0123456789abcdef", 1<<17)

// samples are an asset that is stored plain, and two that are stored in gzip.
func samples(t *testing.T) asset.Set {
	t.Helper()
	return asset.Set{
		"/assets/plain.js":   asset.Plain(asset.TypeJS, "plain()"),
		"/assets/packed.css": asset.Gzipped(asset.TypeCSS, pack(t, "a { color: red }")),
		"/assets/large.js":   asset.Gzipped(asset.TypeJS, pack(t, large)),
	}
}

func pack(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAssetsKeepTheirContent(t *testing.T) {
	assets := samples(t).Handler(nil)
	inflated := assettest.Get(assets, "/assets/large.js")
	if body := assettest.BodyOf(t, inflated); string(body) != large || inflated.ContentLength != int64(len(large)) {
		t.Errorf("%d bytes under Content-Length %d, want %d", len(body), inflated.ContentLength, len(large))
	}
	packed := assettest.Get(assets, "/assets/large.js", "Accept-Encoding", "gzip")
	if got := assettest.Inflate(t, assettest.BodyOf(t, packed)); string(got) != large {
		t.Errorf("%d bytes in gzip, want %d", len(got), len(large))
	}
}

func TestUnknownPaths(t *testing.T) {
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, path := range []string{"/assets/", "/assets/none.js", "/plain.js", "/assets/PLAIN.JS", "/assets/plain.js/"} {
		assettest.WantStatus(t, assettest.Get(samples(t).Handler(teapot), path), http.StatusTeapot)
		assettest.WantStatus(t, assettest.Get(samples(t).Handler(nil), path), http.StatusNotFound)
	}
}

func TestAssetsChooseEncoding(t *testing.T) {
	const gzip, identity = "gzip", ""
	cases := []struct {
		name   string
		accept []string
		want   string
	}{
		{"no header", nil, identity},
		{"empty header", []string{""}, identity},
		{"gzip", []string{"gzip"}, gzip},
		{"upper case", []string{"GZIP"}, gzip},
		{"old name", []string{"x-gzip"}, gzip},
		{"among others", []string{"br, gzip ,deflate"}, gzip},
		{"in a second header", []string{"br", "gzip"}, gzip},
		{"only others", []string{"br, zstd"}, identity},
		{"a name that begins alike", []string{"gzipped"}, identity},
		{"any", []string{"*"}, gzip},
		{"any refused", []string{"*;q=0"}, identity},
		{"any refused but gzip", []string{"*;q=0, gzip"}, gzip},
		{"any but gzip", []string{"gzip;q=0, *"}, identity},
		{"low weight", []string{"gzip;q=0.001"}, gzip},
		{"refused", []string{"gzip;q=0"}, identity},
		{"refused with digits", []string{"gzip;q=0.000"}, identity},
		{"full weight with digits", []string{"gzip;q=1.000"}, gzip},
		{"white space", []string{"gzip \t; q=0.5"}, gzip},
		{"upper case weight", []string{"gzip;Q=0"}, identity},
		{"identity preferred", []string{"gzip;q=0.5, identity;q=0.6"}, identity},
		{"identity tied", []string{"gzip;q=0.5, identity;q=0.5"}, gzip},
		{"identity behind", []string{"identity;q=0.5, gzip"}, gzip},
		{"any preferred covers identity", []string{"gzip;q=0.5, *;q=0.9"}, identity},
		{"identity refused", []string{"identity;q=0, gzip;q=0.1"}, gzip},
		{"everything refused", []string{"identity;q=0, gzip;q=0"}, identity},
		{"weight over 1", []string{"gzip;q=1.001"}, identity},
		{"weight of 2", []string{"gzip;q=2"}, identity},
		{"weight with a sign", []string{"gzip;q=0.+5"}, identity},
		{"negative weight", []string{"gzip;q=-1"}, identity},
		{"too many digits", []string{"gzip;q=0.1234"}, identity},
		{"weight in words", []string{"gzip;q=high"}, identity},
		{"no weight after the name", []string{"gzip;"}, identity},
		{"other parameter", []string{"gzip;level=9"}, identity},
		{"only separators", []string{",;,"}, identity},
	}
	assets := samples(t).Handler(nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			for _, value := range c.accept {
				headers = append(headers, "Accept-Encoding", value)
			}
			res := assettest.Get(assets, "/assets/packed.css", headers...)
			assettest.WantStatus(t, res, http.StatusOK)
			assettest.WantHeader(t, res, "Content-Encoding", c.want)
			assettest.WantHeader(t, res, "Vary", "Accept-Encoding")
		})
	}
}

func TestAssetsStoredPlainStayPlain(t *testing.T) {
	res := assettest.Get(samples(t).Handler(nil), "/assets/plain.js", "Accept-Encoding", "gzip")
	assettest.WantStatus(t, res, http.StatusOK)
	assettest.WantHeader(t, res, "Content-Encoding", "")
	assettest.WantHeader(t, res, "Vary", "")
}

func TestAssetsHead(t *testing.T) {
	assets := samples(t).Handler(nil)
	for _, accept := range []string{"gzip", "identity"} {
		t.Run(accept, func(t *testing.T) {
			full := assettest.Get(assets, "/assets/packed.css", "Accept-Encoding", accept)
			head := assettest.Do(assets, http.MethodHead, "/assets/packed.css", "Accept-Encoding", accept)
			assettest.WantStatus(t, head, http.StatusOK)
			for name := range full.Header {
				assettest.WantHeader(t, head, name, full.Header.Get(name))
			}
			if body := assettest.BodyOf(t, head); len(body) > 0 {
				t.Errorf("%d bytes of body", len(body))
			}
		})
	}
}

func TestAssetsCacheControl(t *testing.T) {
	assets := samples(t).Handler(nil)
	bare := assettest.Get(assets, "/assets/plain.js")
	assettest.WantHeader(t, bare, "Cache-Control", "no-cache")

	hash := strings.Trim(bare.Header.Get("ETag"), `"`)
	assettest.WantHeader(t, assettest.Get(assets, "/assets/plain.js?v="+hash), "Cache-Control", "public, max-age=31536000, immutable")
	for _, query := range []string{"?v=", "?v=0123", "?w=" + hash, "?v=" + hash + "0"} {
		res := assettest.Get(assets, "/assets/plain.js"+query)
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Cache-Control", "no-cache")
	}
}

func TestAssetsIfNoneMatch(t *testing.T) {
	const target = "/assets/packed.css"
	assets := samples(t).Handler(nil)
	etag := assettest.Get(assets, target, "Accept-Encoding", "gzip").Header.Get("ETag")
	plain := assettest.Get(assets, target).Header.Get("ETag")
	cases := []struct {
		name   string
		sent   []string
		status int
	}{
		{"same", []string{etag}, http.StatusNotModified},
		{"weakened", []string{"W/" + etag}, http.StatusNotModified},
		{"any", []string{"*"}, http.StatusNotModified},
		{"in a list", []string{`"a", ` + etag + ` ,"b"`}, http.StatusNotModified},
		{"in a second header", []string{`"a"`, etag}, http.StatusNotModified},
		{"of the other encoding", []string{plain}, http.StatusOK},
		{"other", []string{`"a"`}, http.StatusOK},
		{"unquoted", []string{strings.Trim(etag, `"`)}, http.StatusOK},
		{"empty", []string{""}, http.StatusOK},
	}
	for _, c := range cases {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(c.name+" "+method, func(t *testing.T) {
				headers := []string{"Accept-Encoding", "gzip"}
				for _, value := range c.sent {
					headers = append(headers, "If-None-Match", value)
				}
				res := assettest.Do(assets, method, target, headers...)
				assettest.WantStatus(t, res, c.status)
				assettest.WantHeader(t, res, "ETag", etag)
				assettest.WantHeader(t, res, "Cache-Control", "no-cache")
				assettest.WantHeader(t, res, "Vary", "Accept-Encoding")
				if c.status == http.StatusNotModified && len(assettest.BodyOf(t, res)) > 0 {
					t.Error("304 with a body")
				}
			})
		}
	}
}

// A reader of an asset that went away, or one that is slow, must cost no copy of the inflated file.
func TestAssetsStreamInflatedContent(t *testing.T) {
	w := &countingWriter{header: http.Header{}}
	samples(t).Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/large.js", nil))
	if w.total < 1<<20 || w.largest > 64<<10 {
		t.Errorf("%d bytes in writes of up to %d, want more than 1 MiB in small ones", w.total, w.largest)
	}
}

type countingWriter struct {
	header         http.Header
	total, largest int
}

func (w *countingWriter) Header() http.Header { return w.header }
func (w *countingWriter) WriteHeader(int)     {}
func (w *countingWriter) Write(p []byte) (int, error) {
	w.total += len(p)
	w.largest = max(w.largest, len(p))
	return len(p), nil
}
