package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/userd/userd/internal/web"
)

func TestCORS(t *testing.T) {
	const app = "https://app.example.com"
	for _, tt := range []struct {
		name      string
		allowed   []string
		method    string
		origin    []string
		preflight bool
		told      string // the origin that may read
		served    bool   // whether the request gets further
	}{
		{"off", nil, "GET", []string{app}, false, "", true},
		{"off, asked before", nil, "OPTIONS", []string{app}, true, "", true},
		{"allowed", []string{app}, "GET", []string{app}, false, app, true},
		{"allowed, asked before", []string{app}, "OPTIONS", []string{app}, true, app, false},
		{"the second of two", []string{"https://other.example.com", app}, "POST", []string{app}, false, app, true},
		{"OPTIONS for itself", []string{app}, "OPTIONS", []string{app}, false, app, true},
		{"another origin", []string{app}, "POST", []string{"https://evil.example.com"}, false, "", true},
		{"another origin, asked before", []string{app}, "OPTIONS", []string{"https://evil.example.com"}, true, "", true},
		{"another scheme", []string{app}, "GET", []string{"http://app.example.com"}, false, "", true},
		{"another port", []string{app}, "GET", []string{app + ":8443"}, false, "", true},
		{"an origin that begins alike", []string{app}, "GET", []string{app + ".evil.com"}, false, "", true},
		{"null", []string{app}, "GET", []string{"null"}, false, "", true},
		{"two origins", []string{app}, "GET", []string{app, "https://evil.example.com"}, false, "", true},
		{"no browser", []string{app}, "GET", nil, false, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/users", nil)
			r.Header["Origin"] = tt.origin
			if tt.preflight {
				r.Header.Set("Access-Control-Request-Method", "PUT")
			}
			served := false
			w := serve(web.WithCORS(tt.allowed)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })), r)
			h := w.Header()
			if got := h.Get("Access-Control-Allow-Origin"); got != tt.told || served != tt.served {
				t.Errorf("%q may read, served: %v", got, served)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" || (h.Get("Vary") == "Origin") != (tt.allowed != nil) {
				t.Errorf("headers %v", h)
			}
			asked := h.Get("Access-Control-Allow-Methods") != "" && h.Get("Access-Control-Allow-Headers") != "" && w.Code == http.StatusNoContent
			if asked == tt.served {
				t.Errorf("status %d, headers %v", w.Code, h)
			}
		})
	}
}
