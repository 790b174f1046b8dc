package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// exchange sends bytes over a connection of its own, and returns the statuses
// of all answers until the server closes it.
func (p *process) exchange(t *testing.T, text string) (statuses []string) {
	t.Helper()
	conn := p.open(t, text)
	answers := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Fatalf("the connection stays open after %q", statuses)
			}
			return statuses
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
		statuses = append(statuses, resp.Status[:3])
	}
}

// Requests that one parser could end elsewhere than another does are refused,
// and what follows them is not taken for a request: nobody smuggles one past a
// proxy. Others that RFC 9112 forbids are refused as well.
func TestRequestsThatAreNotHTTPAreRefused(t *testing.T) {
	p := start(t, "--database-url=memory:", "--idle-timeout=1s", "--read-timeout=2s")
	const smuggled = "DELETE /users/" + nobodysUser + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body + smuggled
	}
	chunked := func(chunks string) string { return post("Transfer-Encoding: chunked\r\n", chunks) }
	for name, text := range map[string]string{
		"two lengths":                          post("Content-Length: 2\r\nContent-Length: 0\r\n", "{}"),
		"two lengths in one":                   post("Content-Length: 2, 0\r\n", "{}"),
		"a length with a sign":                 post("Content-Length: +2\r\n", "{}"),
		"a negative length":                    post("Content-Length: -2\r\n", "{}"),
		"a hexadecimal length":                 post("Content-Length: 0x2\r\n", "{}"),
		"a length beyond any":                  post("Content-Length: 99999999999999999999\r\n", "{}"),
		"an encoding that is none":             post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
		"two encodings":                        post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
		"two encodings' headers":               post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
		"an encoding, vertical tab before":     post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
		"a space before the colon":             post("Content-Length : 2\r\n", "{}"),
		"a space before the encoding's colon":  post("Content-Length: 2\r\nTransfer-Encoding : chunked\r\n", "{}"),
		"a header that is folded at the start": "GET /users HTTP/1.1\r\n Host: x\r\n\r\n" + smuggled,
		"a header without a colon":             post("Content-Length\r\n", ""),
		"a header without a name":              post(": 2\r\n", ""),
		"a null in a header":                   post("X-A: a\x00b\r\n", ""),
		"a carriage return in a header":        post("X-A: a\rX-B: b\r\n", ""),
		"a chunk's size with a sign":           chunked("+2\r\n{}\r\n0\r\n\r\n"),
		"a chunk's size in other digits":       chunked("0x2\r\n{}\r\n0\r\n\r\n"),
		"a chunk's size beyond any":            chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
		"a chunk that is longer than it says":  chunked("2\r\n{}}}\r\n0\r\n\r\n"),
		"a chunk's extension without an end":   chunked("2;" + strings.Repeat("a", 100_000) + "\r\n{}\r\n0\r\n\r\n"),
		"no host":                              "GET /users HTTP/1.1\r\n\r\n" + smuggled,
		"two hosts":                            "GET /users HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + smuggled,
		"a host that is none":                  "GET /users HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled,
		"a method that is none":                "GE(T /users HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
		"a version that is none":               "GET /users HTTP/1.10\r\nHost: x\r\n\r\n" + smuggled,
		"version 2 without being asked":        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled,
		"version 0.9":                          "GET /users\r\n\r\n" + smuggled,
		"two spaces":                           "GET  /users HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
		"a line break in the path":             "GET /us\ners HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
		"a path without a slash":               "GET users HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
		"nothing but line breaks":              strings.Repeat("\r\n", 1000),
		"TLS":                                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 200),
	} {
		t.Run(name, func(t *testing.T) {
			statuses := p.exchange(t, text)
			if len(statuses) > 1 || len(statuses) == 1 && statuses[0] < "400" {
				t.Errorf("answered %q", statuses)
			}
		})
	}
	if log := p.logged(); strings.Contains(log, `"method":"DELETE"`) {
		t.Error("a request was smuggled")
	}
}

// A request that has both a length and an encoding ends where the encoding says
// (RFC 9112, section 6.3), and no other follows it on that connection.
func TestTheEncodingDecidesWhereARequestEnds(t *testing.T) {
	p := start(t, "--database-url=memory:", "--idle-timeout=1s")
	const hidden = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	text := fmt.Sprintf("POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s", len("0\r\n\r\n"+hidden), hidden)
	statuses := p.exchange(t, text)
	if len(statuses) != 1 || statuses[0] != "400" {
		t.Errorf("answered %q", statuses)
	}
}

// Pages of other sites can send these without a browser asking first. None of
// them changes anything.
func TestOtherSitesCannotChangeAnything(t *testing.T) {
	p := start(t, "--database-url=memory:")
	const user = `{"email":"evil@example.com","first_name":"E","last_name":"Vil","password":"a long enough one"}`
	mutation := `{"query":"mutation { createUser(input: {email: \"evil@example.com\", firstName: \"E\", lastName: \"Vil\", password: \"a long enough one\"}) { user { id } } }"}`
	evil := []string{"Origin", "https://evil.example.com"}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json"} {
		for path, body := range map[string]string{"/users": user, "/users:batch": "[" + user + "]", "/keys": `{"name":"evil","scopes":["admin"]}`, "/graphql": mutation} {
			if status, answer := ask(t, "POST", p.base+path, body, append(evil, "Content-Type", contentType)...); status != http.StatusUnsupportedMediaType {
				t.Errorf("%s as %s: %d %s", path, contentType, status, answer)
			}
		}
	}
	query := strings.NewReplacer(" ", "%20", `\"`, "%22", "{", "%7B", "}", "%7D").Replace(mutation[len(`{"query":"`) : len(mutation)-2])
	for _, accept := range []string{"application/json", "text/event-stream"} {
		if status, answer := ask(t, "GET", p.base+"/graphql?query="+query, "", append(evil, "Accept", accept)...); status != http.StatusMethodNotAllowed {
			t.Errorf("a mutation by GET for %s: %d %s", accept, status, answer)
		}
	}
	for _, path := range []string{"/users", "/graphql"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, p.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", evil[1])
		r.Header.Set("Access-Control-Request-Method", "POST")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s allows %v", path, resp.Header)
		}
	}
	if users := get(t, p.base+"/users"); users != "[]\n" {
		t.Errorf("users %s", users)
	}
	if resp, err := http.Get(p.base + "/users"); err != nil || len(resp.Cookies()) > 0 {
		t.Errorf("%v, %v", resp, err)
	}
}

func TestPagesOfAllowedOriginsMayCall(t *testing.T) {
	p := start(t, "--database-url=memory:", "--allowed-origins=https://app.example.com")
	for _, path := range []string{"/users", "/graphql?query=%7B__typename%7D", "/changes", "/nowhere"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://app.example.com")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if h := resp.Header; h.Get("Access-Control-Allow-Origin") != "https://app.example.com" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %v", path, h)
		}
	}
}
