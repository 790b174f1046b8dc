package asset

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestBrokenAssetIsAServerError(t *testing.T) {
	w := httptest.NewRecorder()
	broken := Gzipped(TypeCSS, "not gzip at all")
	broken.serve(w, httptest.NewRequest(http.MethodGet, "/assets/broken.css?v="+broken.hash, nil))
	if w.Code != http.StatusInternalServerError || w.Body.Len() > 0 {
		t.Errorf("status %d with %d bytes of body, want an empty 500", w.Code, w.Body.Len())
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q: the failure would be kept", got)
	}
}
