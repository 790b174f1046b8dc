package asset_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset"
	"github.com/userd/userd/internal/asset/assettest"
)

const document = `<link href="/assets/packed.css"><script src="/assets/plain.js"></script><a href="/assets/none.js">`

func page(t *testing.T) http.Handler {
	t.Helper()
	return samples(t).Page(document, asset.Policy("script-src 'self'"))
}

func TestPageHeaders(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		res := assettest.Do(page(t), method, "/page")
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Content-Type", asset.TypeHTML)
		assettest.WantHeader(t, res, "Cache-Control", "no-cache")
		assettest.WantHeader(t, res, "Referrer-Policy", "no-referrer")
		assettest.WantHeader(t, res, "X-Content-Type-Options", "nosniff")
		assettest.WantHeader(t, res, "Content-Security-Policy",
			"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'")
	}
}

// What a page refers to by hash may be kept for good; what it merely names like an asset stays as it is.
func TestPageRefersToAssetsByHash(t *testing.T) {
	html := string(assettest.BodyOf(t, assettest.Get(page(t), "/page")))
	references := regexp.MustCompile(`"(/assets/[^"]+\?v=[^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(references) != 2 || !strings.Contains(html, `"/assets/none.js"`) {
		t.Fatalf("the page is %s", html)
	}
	for _, reference := range references {
		res := assettest.Get(samples(t).Handler(nil), reference[1])
		assettest.WantStatus(t, res, http.StatusOK)
		assettest.WantHeader(t, res, "Cache-Control", "public, max-age=31536000, immutable")
	}
}

func TestPageConditional(t *testing.T) {
	etag := assettest.Get(page(t), "/page").Header.Get("ETag")
	assettest.WantStatus(t, assettest.Get(page(t), "/page", "If-None-Match", etag), http.StatusNotModified)
	assettest.WantStatus(t, assettest.Get(page(t), "/page", "If-None-Match", `"other"`), http.StatusOK)
}
