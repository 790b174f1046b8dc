package pages_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset/assettest"
	"github.com/userd/userd/internal/pages"
)

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
		return assettest.Inflate(t, content)
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
			res := assettest.Get(assets, "/assets/"+name)
			assettest.WantStatus(t, res, http.StatusOK)
			assettest.WantHeader(t, res, "Content-Type", types[name[strings.LastIndex(name, "."):]])
			assettest.WantHeader(t, res, "Content-Encoding", "")
			assettest.WantHeader(t, res, "X-Content-Type-Options", "nosniff")
			body := assettest.BodyOf(t, res)
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
			res := assettest.Get(assets, "/assets/"+name, "Accept-Encoding", "gzip, deflate, br")
			assettest.WantStatus(t, res, http.StatusOK)
			assettest.WantHeader(t, res, "Content-Encoding", "gzip")
			assettest.WantHeader(t, res, "Vary", "Accept-Encoding")
			body := assettest.BodyOf(t, res)
			if res.ContentLength != int64(len(body)) {
				t.Errorf("Content-Length = %d for %d bytes", res.ContentLength, len(body))
			}
			if !bytes.Equal(assettest.Inflate(t, body), contentOnDisk(t, path)) {
				t.Errorf("the body does not inflate to the content of %s", path)
			}
		})
	}
}

func TestAssetsETagIsStrongAndPerEncoding(t *testing.T) {
	assets := pages.Assets(nil)
	seen := map[string]string{}
	for name := range filesOnDisk(t) {
		for _, accept := range []string{"gzip", "identity"} {
			res := assettest.Get(assets, "/assets/"+name, "Accept-Encoding", accept)
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
		res := assettest.Get(pages.Assets(notFound), target)
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, res.StatusCode)
		}
		assettest.WantHeader(t, res, "Content-Type", "application/problem+json")
		assettest.WantHeader(t, res, "Cache-Control", "")
		if res := assettest.Get(pages.Assets(nil), target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s, no handler given: status %d", target, res.StatusCode)
		}
	}
}
