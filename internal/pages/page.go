package pages

import (
	"net/http"
	"strings"
)

// page is an HTML document under a content security policy.
type page struct {
	html   string
	etag   string
	policy string
}

func newPage(html, policy string) http.Handler {
	html = versioned(html, catalogue())
	return page{html: html, etag: `"` + hashOf(html) + `"`, policy: policy}
}

// versioned puts its hash into each reference to an asset, so that browsers may keep assets for good and still load
// the new ones after an upgrade.
func versioned(html string, assets map[string]asset) string {
	var pairs []string
	for name, a := range assets {
		reference := `"` + assetPrefix + name
		pairs = append(pairs, reference+`"`, reference+"?v="+a.hash+`"`)
	}
	return strings.NewReplacer(pairs...).Replace(html)
}

// ServeHTTP implements http.Handler.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if notModified(w, r, p.etag) {
		return
	}
	h.Set("Content-Type", typeHTML)
	send(w, r, int64(len(p.html)), strings.NewReader(p.html))
}
