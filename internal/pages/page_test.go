package pages_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset/assettest"
	"github.com/userd/userd/internal/pages"
)

// allPages is each page with the directives that its policy has beyond those common to all.
var allPages = map[string]struct {
	open   func() http.Handler
	policy []string
}{
	"/": {func() http.Handler { return pages.Index(true) }, []string{"style-src 'self'", "img-src 'self'"}},
	"/playground": {pages.Playground, []string{
		"script-src 'self'", "style-src 'self' 'unsafe-inline'", "connect-src 'self'", "img-src 'self' data:",
	}},
	"/docs": {pages.SwaggerUI, []string{
		"script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
	}},
	"/redoc": {pages.ReDoc, []string{
		"script-src 'self'", "connect-src 'self'", "img-src 'self' data:", "worker-src blob:",
		"style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='" +
			" 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
	}},
}

func eachPage(t *testing.T, check func(t *testing.T, path string, h http.Handler)) {
	for path, p := range allPages {
		t.Run(path, func(t *testing.T) { check(t, path, p.open()) })
	}
}

func TestPageHeaders(t *testing.T) {
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		res := assettest.Get(h, path)
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Content-Type", "text/html; charset=utf-8")
		assettest.WantHeader(t, res, "Cache-Control", "no-cache")
		assettest.WantHeader(t, res, "Referrer-Policy", "no-referrer")
		assettest.WantHeader(t, res, "X-Content-Type-Options", "nosniff")
		if body := assettest.BodyOf(t, res); res.ContentLength != int64(len(body)) {
			t.Errorf("Content-Length = %d for %d bytes", res.ContentLength, len(body))
		}
	})
}

func TestPagePolicy(t *testing.T) {
	common := []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		got := strings.Split(assettest.Get(h, path).Header.Get("Content-Security-Policy"), "; ")
		want := slices.Concat(common, allPages[path].policy)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("policy %q\nwant %q", got, want)
		}
	})
}

// Scripts run by no other way than a file of this service, whatever becomes of the policies above.
func TestPagePolicyForScripts(t *testing.T) {
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		for directive := range strings.SplitSeq(assettest.Get(h, path).Header.Get("Content-Security-Policy"), "; ") {
			name, sources, _ := strings.Cut(directive, " ")
			if strings.HasPrefix(name, "script-src") && sources != "'self'" {
				t.Errorf("%s allows %s", name, sources)
			}
		}
	})
}

func TestPageConditional(t *testing.T) {
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		etag := assettest.Get(h, path).Header.Get("ETag")
		res := assettest.Get(h, path, "If-None-Match", etag)
		assettest.WantStatus(t, res, http.StatusNotModified)
		assettest.WantHeader(t, res, "ETag", etag)
		if len(assettest.BodyOf(t, res)) > 0 {
			t.Error("304 with a body")
		}
		assettest.WantStatus(t, assettest.Get(h, path, "If-None-Match", `"other"`), http.StatusOK)
	})
}

func TestPageHead(t *testing.T) {
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		full, head := assettest.Get(h, path), assettest.Do(h, http.MethodHead, path)
		assettest.WantStatus(t, head, http.StatusOK)
		for name := range full.Header {
			assettest.WantHeader(t, head, name, full.Header.Get(name))
		}
		if len(assettest.BodyOf(t, head)) > 0 {
			t.Error("HEAD with a body")
		}
	})
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

func referencesIn(t *testing.T, path string, h http.Handler) []string {
	t.Helper()
	var found []string
	for _, match := range reference.FindAllStringSubmatch(string(assettest.BodyOf(t, assettest.Get(h, path))), -1) {
		found = append(found, match[1])
	}
	return found
}

func TestPageAssetsAreServed(t *testing.T) {
	assets := pages.Assets(nil)
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		loaded := 0
		for _, target := range referencesIn(t, path, h) {
			if !strings.HasPrefix(target, "/assets/") {
				continue
			}
			loaded++
			res := assettest.Get(assets, target)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", target, res.StatusCode)
			}
			assettest.WantHeader(t, res, "Cache-Control", "public, max-age=31536000, immutable")
		}
		if loaded < 3 {
			t.Errorf("%d references to assets, want an icon, a stylesheet and more", loaded)
		}
	})
}

func TestPagesReferToNothingOutside(t *testing.T) {
	served := []string{"/openapi.json", "/graphql", "/users", "/changes", "/health", "/console"}
	served = slices.AppendSeq(served, maps.Keys(allPages))
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		for _, target := range referencesIn(t, path, h) {
			target, _, _ = strings.Cut(target, "?")
			if !strings.HasPrefix(target, "/assets/") && !slices.Contains(served, target) {
				t.Errorf("refers to %s", target)
			}
		}
	})
}

func TestIndexLeadsToEverything(t *testing.T) {
	references := referencesIn(t, "/", pages.Index(true))
	for _, want := range []string{"/playground", "/docs", "/redoc", "/openapi.json", "/graphql", "/users", "/changes", "/health", "/console"} {
		leadsThere := func(target string) bool { return target == want || strings.HasPrefix(target, want+"?") }
		if !slices.ContainsFunc(references, leadsThere) {
			t.Errorf("no link to %s", want)
		}
	}
}

func TestIndexWithoutConsole(t *testing.T) {
	with, without := referencesIn(t, "/", pages.Index(true)), referencesIn(t, "/", pages.Index(false))
	if gone := slices.DeleteFunc(with, func(target string) bool { return slices.Contains(without, target) }); !slices.Equal(gone, []string{"/console"}) {
		t.Errorf("without the console %q are gone", gone)
	}
}

// What the policies forbid must not be in the pages either: it would only fail in the browser.
func TestPagesHoldNothingInline(t *testing.T) {
	inline := map[string]*regexp.Regexp{
		"a script without src": regexp.MustCompile(`<script(?:>|[^>]*>[^<])`),
		"a style element":      regexp.MustCompile(`<style`),
		"a style attribute":    regexp.MustCompile(`\sstyle=`),
		"an event handler":     regexp.MustCompile(`\son[a-z]+=`),
	}
	eachPage(t, func(t *testing.T, path string, h http.Handler) {
		html := assettest.BodyOf(t, assettest.Get(h, path))
		for what, pattern := range inline {
			if pattern.Match(html) {
				t.Errorf("the page has %s", what)
			}
		}
	})
}

func BenchmarkConstructors(b *testing.B) {
	for b.Loop() {
		pages.Index(true)
		pages.Playground()
		pages.SwaggerUI()
		pages.ReDoc()
		pages.Assets(nil)
	}
}
