package graph

import "testing"

func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		accept []string
		want   string // empty: not acceptable
	}{
		{nil, typeJSON},
		{[]string{""}, typeJSON},
		{[]string{" "}, typeJSON},
		{[]string{"*/*"}, typeJSON},
		{[]string{"application/*"}, typeJSON},
		{[]string{"application/json"}, typeJSON},
		{[]string{"Application/JSON; charset=UTF-8"}, typeJSON},
		{[]string{"application/graphql-response+json"}, typeGraphQL},
		{[]string{"application/graphql-response+json; charset=utf-8"}, typeGraphQL},
		{[]string{"application/graphql-response+json, application/json;q=0.9"}, typeGraphQL},
		{[]string{"application/json, application/graphql-response+json"}, typeGraphQL},
		{[]string{"application/json", "application/graphql-response+json;q=0.9"}, typeJSON},
		{[]string{"application/graphql-response+json;q=0.2", "application/json;q=0.1"}, typeGraphQL},
		{[]string{"application/graphql-response+json;q=0, */*"}, typeJSON},
		{[]string{"application/json;q=0, application/*"}, typeGraphQL},
		{[]string{"application/*;q=0.1, application/json;q=0.2"}, typeJSON},
		{[]string{"*/*, application/graphql-response+json"}, typeGraphQL},
		{[]string{"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"}, typeGraphQL}, // urql
		{[]string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}, typeJSON},                                           // a browser
		{[]string{"text/html, nonsense/, application/json"}, typeJSON},
		{[]string{"text/html"}, ""},
		{[]string{"application/xml, text/event-stream"}, ""},
		{[]string{"application/json;q=0"}, ""},
		{[]string{"*/*;q=0"}, ""},
		{[]string{"application/json;q=2"}, ""},
		{[]string{"application/json;q=NaN"}, ""},
		{[]string{"application/json;q=x"}, ""},
		{[]string{"application/json;charset=latin1"}, ""},
		{[]string{","}, ""},
	} {
		got, ok := negotiate(c.accept)
		if !ok && got != typeJSON {
			t.Errorf("%q: a refusal in %q", c.accept, got)
		}
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.accept, got, c.want)
		}
	}
}
