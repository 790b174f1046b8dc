package asset

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

// Page serves an HTML document that refers to the set's assets, under a content security policy.
func (s Set) Page(html, policy string) http.Handler {
	html = s.versioned(html)
	return page{html: html, etag: `"` + hashOf(html) + `"`, policy: policy}
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
	h.Set("Content-Type", TypeHTML)
	send(w, r, int64(len(p.html)), strings.NewReader(p.html))
}
