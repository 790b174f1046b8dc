package console_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset/assettest"
	"github.com/userd/userd/internal/console"
)

func TestPageHeaders(t *testing.T) {
	res := assettest.Get(console.Page(), "/console")
	assettest.WantStatus(t, res, http.StatusOK)
	assettest.WantHeader(t, res, "Content-Type", "text/html; charset=utf-8")
	assettest.WantHeader(t, res, "Cache-Control", "no-cache")
	assettest.WantHeader(t, res, "Referrer-Policy", "no-referrer")
	assettest.WantHeader(t, res, "X-Content-Type-Options", "nosniff")
	assettest.WantStatus(t, assettest.Get(console.Page(), "/console", "If-None-Match", res.Header.Get("ETag")), http.StatusNotModified)
}

// The policy is all there is between a mistake in the page and its reader's key.
func TestPagePolicy(t *testing.T) {
	got := strings.Split(assettest.Get(console.Page(), "/console").Header.Get("Content-Security-Policy"), "; ")
	want := []string{
		"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "script-src 'self'",
		"style-src 'self'", "connect-src 'self'", "img-src 'self'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}
	if !slices.Equal(got, want) {
		t.Errorf("policy %q\nwant %q", got, want)
	}
}

// What the policy forbids must not be in the page: it would only fail in the browser.
func TestPageHoldsNothingInline(t *testing.T) {
	html := assettest.BodyOf(t, assettest.Get(console.Page(), "/console"))
	if inline := regexp.MustCompile(`<script(?:>|[^>]*>[^<])|<style|\sstyle=|\son[a-z]+=`).Find(html); inline != nil {
		t.Errorf("the page has %s", inline)
	}
}

func TestPageLoadsItsAssetsForGood(t *testing.T) {
	html := string(assettest.BodyOf(t, assettest.Get(console.Page(), "/console")))
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(html, -1)
	if len(references) != 3 {
		t.Errorf("%d references, want an icon, a script and a stylesheet", len(references))
	}
	for _, reference := range references {
		res := assettest.Get(console.Assets(nil), reference[1])
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Cache-Control", "public, max-age=31536000, immutable")
		assettest.WantHeader(t, res, "X-Content-Type-Options", "nosniff")
	}
}

func TestServesEveryFile(t *testing.T) {
	files, err := os.ReadDir("dist")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".gz")
		if name == "index.html" {
			continue
		}
		res := assettest.Get(console.Assets(nil), "/console/assets/"+name)
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Cache-Control", "no-cache")
		assettest.WantStatus(t, assettest.Get(console.Assets(nil), "/console/assets/"+name, "If-None-Match", res.Header.Get("ETag")), http.StatusNotModified)
	}
}

func TestUnknownAssets(t *testing.T) {
	notFound := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, path := range []string{"/console/assets/", "/console/assets/index.html", "/console/assets/console.js.gz", "/console/assets/../console.go", "/console.js"} {
		assettest.WantStatus(t, assettest.Get(console.Assets(notFound), path), http.StatusTeapot)
	}
}

// An operator may open the page over a slow line.
func TestPageIsSmall(t *testing.T) {
	const most = 60 << 10
	total := len(assettest.BodyOf(t, assettest.Get(console.Page(), "/console")))
	for _, name := range []string{"console.js", "style.css", "favicon.svg"} {
		total += len(assettest.BodyOf(t, assettest.Get(console.Assets(nil), "/console/assets/"+name, "Accept-Encoding", "gzip")))
	}
	if total > most {
		t.Errorf("the page takes %d bytes, at most %d are allowed", total, most)
	}
}

func TestLicencesAreThere(t *testing.T) {
	text := string(assettest.BodyOf(t, assettest.Get(console.Assets(nil), "/console/assets/LICENSES.txt")))
	if !strings.Contains(text, "\npreact ") || !strings.Contains(text, "The MIT License (MIT)") {
		t.Errorf("LICENSES.txt is %s", text)
	}
}
