package web_test

import (
	"net/http"
	"testing"

	"github.com/userd/userd/internal/web"
)

func TestHasText(t *testing.T) {
	for _, tt := range []struct {
		name            string
		types, encoding []string
		want            bool
	}{
		{"as it stands", []string{"application/json"}, nil, true},
		{"another of them", []string{"application/merge-patch+json"}, nil, true},
		{"in capitals", []string{"Application/JSON"}, nil, true},
		{"with a charset", []string{`application/json; charset="UTF-8"`}, nil, true},
		{"with another charset", []string{"application/json; charset=latin1"}, nil, false},
		{"with another parameter", []string{"application/json; version=1"}, nil, true},
		{"not compressed", []string{"application/json"}, []string{"Identity"}, true},
		{"compressed", []string{"application/json"}, []string{"identity", "gzip"}, false},
		{"none", nil, nil, false},
		{"two", []string{"application/json", "application/json"}, nil, false},
		{"a form's", []string{"text/plain"}, nil, false},
		{"nonsense", []string{"application/json;;"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{"Content-Type": tt.types, "Content-Encoding": tt.encoding}
			if got := web.HasText(h, "application/merge-patch+json", "application/json"); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
