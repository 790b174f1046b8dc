package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// BenchmarkReads compares reads from memory, over HTTP, with a bare net/http
// server that answers the same headers and bytes whatever it is asked: what is
// left is all that the service can be to blame for. Both take turns; the figures
// that count are the ratios, their median over the rounds and their range.
//
//	go test ./cmd/userd -run '^$' -bench Reads -benchtime 5x -timeout 30m
func BenchmarkReads(b *testing.B) {
	for _, log := range []string{"warn", "info"} {
		base := startQuiet(b, "--database-url=memory:", "--log-level="+log)
		ids := createUsers(b, base, 50)
		for name, path := range map[string]string{"GET": "/users/" + ids[0], "list of 50": "/users"} {
			b.Run(name+" log="+log, func(b *testing.B) {
				bare := startBare(b, base+path)
				var ratios []float64
				for b.Loop() {
					served, limit := readRate(b, base+path), readRate(b, bare)
					b.Logf("%.0f/s, bare net/http %.0f/s", served, limit)
					ratios = append(ratios, served/limit)
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "of-bare")
				b.ReportMetric(ratios[0], "min-of-bare")
				b.ReportMetric(ratios[len(ratios)-1], "max-of-bare")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// createUsers creates n users and returns their ids.
func createUsers(b *testing.B, base string, n int) (ids []string) {
	b.Helper()
	for i := range n {
		resp, err := http.Post(base+"/users", "application/json", strings.NewReader(fmt.Sprintf(
			`{"email":"john.doe%d@example.com","first_name":"John","last_name":"Doe","password":"correct horse battery"}`, i)))
		if err != nil {
			b.Fatal(err)
		}
		var user struct{ ID string }
		err = json.NewDecoder(resp.Body).Decode(&user)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusCreated {
			b.Fatal(resp.Status, err)
		}
		ids = append(ids, user.ID)
	}
	return ids
}

// readRate is how many requests a second 32 clients get answered.
func readRate(b *testing.B, url string) float64 {
	b.Helper()
	script := b.TempDir() + "/script.lua"
	if err := os.WriteFile(script, []byte(wrkDone), 0o644); err != nil {
		b.Fatal(err)
	}
	return rateIn(b, exec.Command("wrk", "-t1", "-c32", "-d5s", "-s", script, url), wrkResult)
}

// answer is what a bare server answers.
type answer struct {
	Header http.Header
	Body   []byte
}

// bareAnswer has the test binary be a bare server, of this answer.
const bareAnswer = "TEST_BINARY_IS_BARE_SERVER"

// startBare starts a server, as a process of its own, that answers what url does.
func startBare(b *testing.B, url string) (base string) {
	b.Helper()
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp.Status, err)
	}
	resp.Header.Del("Date") // each server tells its own
	text, err := json.Marshal(answer{resp.Header, body})
	if err != nil {
		b.Fatal(err)
	}
	addr := freeAddress(b)
	cmd := exec.Command(os.Args[0], addr)
	cmd.Env = append(os.Environ(), bareAnswer+"="+string(text))
	cmd.Stderr = os.Stderr
	startUntilKilled(b, cmd)
	base = "http://" + addr
	await(b, "the bare server", func() bool { return send200(http.DefaultClient, http.MethodGet, base, nil) == nil })
	return base
}

// serveBare is the bare server.
func serveBare(addr, text string) error {
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return err
	}
	return http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, values := range a.Header {
			h[name] = values
		}
		_, _ = w.Write(a.Body)
	}))
}

func startUntilKilled(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() // says that it was killed
	})
}
