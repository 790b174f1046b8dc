package pages_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/userd/userd/internal/pages"
)

// get sends one request; headers are pairs of name and value.
func get(h http.Handler, target string, headers ...string) *http.Response {
	return do(h, http.MethodGet, target, headers...)
}

func do(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, res *http.Response) []byte {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func inflate(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantHeader(t *testing.T, res *http.Response, name, want string) {
	t.Helper()
	if got := res.Header.Get(name); got != want {
		t.Errorf("%s = %q, want %q", name, got, want)
	}
}

func wantStatus(t *testing.T, res *http.Response, want int) {
	t.Helper()
	if res.StatusCode != want {
		t.Fatalf("status = %d, want %d", res.StatusCode, want)
	}
}

// filesOnDisk is every file that should be an asset, by the name under which it should be served.
func filesOnDisk(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range []string{"assets", "static"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".html") {
				files[strings.TrimSuffix(entry.Name(), ".gz")] = dir + "/" + entry.Name()
			}
		}
	}
	return files
}

func contentOnDisk(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		return inflate(t, content)
	}
	return content
}

func TestAssetsServeEveryFile(t *testing.T) {
	types := map[string]string{
		".css": "text/css; charset=utf-8",
		".js":  "text/javascript; charset=utf-8",
		".svg": "image/svg+xml",
		".txt": "text/plain; charset=utf-8",
	}
	assets := pages.Assets(nil)
	for name, path := range filesOnDisk(t) {
		t.Run(name, func(t *testing.T) {
			res := get(assets, "/assets/"+name)
			wantStatus(t, res, http.StatusOK)
			wantHeader(t, res, "Content-Type", types[name[strings.LastIndex(name, "."):]])
			wantHeader(t, res, "Content-Encoding", "")
			wantHeader(t, res, "X-Content-Type-Options", "nosniff")
			body := bodyOf(t, res)
			if !bytes.Equal(body, contentOnDisk(t, path)) {
				t.Errorf("the body is not the content of %s", path)
			}
			if res.ContentLength != int64(len(body)) {
				t.Errorf("Content-Length = %d for %d bytes", res.ContentLength, len(body))
			}
		})
	}
}

func TestAssetsInGzip(t *testing.T) {
	assets := pages.Assets(nil)
	for name, path := range filesOnDisk(t) {
		if !strings.HasSuffix(path, ".gz") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			res := get(assets, "/assets/"+name, "Accept-Encoding", "gzip, deflate, br")
			wantStatus(t, res, http.StatusOK)
			wantHeader(t, res, "Content-Encoding", "gzip")
			wantHeader(t, res, "Vary", "Accept-Encoding")
			body := bodyOf(t, res)
			if res.ContentLength != int64(len(body)) {
				t.Errorf("Content-Length = %d for %d bytes", res.ContentLength, len(body))
			}
			if !bytes.Equal(inflate(t, body), contentOnDisk(t, path)) {
				t.Errorf("the body does not inflate to the content of %s", path)
			}
		})
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
	assets := pages.Assets(nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var headers []string
			for _, value := range c.accept {
				headers = append(headers, "Accept-Encoding", value)
			}
			res := get(assets, "/assets/swagger-ui.css", headers...)
			wantStatus(t, res, http.StatusOK)
			wantHeader(t, res, "Content-Encoding", c.want)
			wantHeader(t, res, "Vary", "Accept-Encoding")
		})
	}
}

func TestAssetsStoredPlainStayPlain(t *testing.T) {
	res := get(pages.Assets(nil), "/assets/pages.css", "Accept-Encoding", "gzip")
	wantStatus(t, res, http.StatusOK)
	wantHeader(t, res, "Content-Encoding", "")
	wantHeader(t, res, "Vary", "")
}

func TestAssetsHead(t *testing.T) {
	assets := pages.Assets(nil)
	for _, accept := range []string{"gzip", "identity"} {
		t.Run(accept, func(t *testing.T) {
			full := get(assets, "/assets/redoc.standalone.js", "Accept-Encoding", accept)
			head := do(assets, http.MethodHead, "/assets/redoc.standalone.js", "Accept-Encoding", accept)
			wantStatus(t, head, http.StatusOK)
			for name := range full.Header {
				wantHeader(t, head, name, full.Header.Get(name))
			}
			if body := bodyOf(t, head); len(body) > 0 {
				t.Errorf("%d bytes of body", len(body))
			}
		})
	}
}

func TestAssetsCacheControl(t *testing.T) {
	assets := pages.Assets(nil)
	bare := get(assets, "/assets/docs.js")
	wantHeader(t, bare, "Cache-Control", "no-cache")

	hash := strings.Trim(bare.Header.Get("ETag"), `"`)
	wantHeader(t, get(assets, "/assets/docs.js?v="+hash), "Cache-Control", "public, max-age=31536000, immutable")
	for _, query := range []string{"?v=", "?v=0123", "?w=" + hash, "?v=" + hash + "0"} {
		res := get(assets, "/assets/docs.js"+query)
		wantStatus(t, res, http.StatusOK)
		wantHeader(t, res, "Cache-Control", "no-cache")
	}
}

func TestAssetsETagIsStrongAndPerEncoding(t *testing.T) {
	assets := pages.Assets(nil)
	seen := map[string]string{}
	for name := range filesOnDisk(t) {
		for _, accept := range []string{"gzip", "identity"} {
			res := get(assets, "/assets/"+name, "Accept-Encoding", accept)
			etag := res.Header.Get("ETag")
			if len(etag) < 34 || etag[0] != '"' || etag[len(etag)-1] != '"' {
				t.Fatalf("%s has ETag %s", name, etag)
			}
			key := name + " " + res.Header.Get("Content-Encoding")
			if other, ok := seen[etag]; ok && other != key {
				t.Errorf("%q and %q share ETag %s", key, other, etag)
			}
			seen[etag] = key
		}
	}
}

func TestAssetsIfNoneMatch(t *testing.T) {
	const target = "/assets/graphiql.css"
	assets := pages.Assets(nil)
	etag := get(assets, target, "Accept-Encoding", "gzip").Header.Get("ETag")
	plain := get(assets, target).Header.Get("ETag")
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
				res := do(assets, method, target, headers...)
				wantStatus(t, res, c.status)
				wantHeader(t, res, "ETag", etag)
				wantHeader(t, res, "Cache-Control", "no-cache")
				wantHeader(t, res, "Vary", "Accept-Encoding")
				if c.status == http.StatusNotModified && len(bodyOf(t, res)) > 0 {
					t.Error("304 with a body")
				}
			})
		}
	}
}

// unknownTargets are paths that must reach no asset, be it because there is none or because of how they are written.
var unknownTargets = []string{
	"/assets/",
	"/assets/none.js",
	"/assets/docs.js/",
	"/assets//docs.js",
	"/assets/DOCS.JS",
	"/assets/docs.html",
	"/assets/graphiql.css.gz",
	"/assets/../assets/docs.js",
	"/assets/../embed.go",
	"/assets/..%2fembed.go",
	"/assets/%2e%2e/%2e%2e/go.mod",
	"/assets/static/docs.js",
	"/assets/assets/docs.js",
	`/assets/..\docs.js`,
	"/assets/docs.js%00",
	"/docs.js",
}

func TestAssetsUnknown(t *testing.T) {
	notFound := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
	})
	for _, target := range unknownTargets {
		res := get(pages.Assets(notFound), target)
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, res.StatusCode)
		}
		wantHeader(t, res, "Content-Type", "application/problem+json")
		wantHeader(t, res, "Cache-Control", "")
		if res := get(pages.Assets(nil), target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s, no handler given: status %d", target, res.StatusCode)
		}
	}
}

// A reader of an asset that went away, or one that is slow, must cost no copy of the inflated file.
func TestAssetsStreamInflatedContent(t *testing.T) {
	w := &countingWriter{header: http.Header{}}
	pages.Assets(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/swagger-ui-bundle.js", nil))
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
