package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// exhausted is a listener that once has no file descriptor for a connection.
type exhausted struct {
	net.Listener
	told bool
}

func (l *exhausted) Accept() (net.Conn, error) {
	if !l.told {
		l.told = true
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// logLines takes each write as a line of a log.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// What net/http's server says is seen where it keeps users from being served or
// is a defect; the rest is not seen unless somebody looks.
func TestWhatNetHTTPSaysHasLevels(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	settings, lines := serveSettings(t), make(logLines, 10)
	server := settings.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusOK) // net/http has something to say about that
		panic("a defect")
	}), newLogger(lines, slog.LevelDebug, "json"))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(&exhausted{Listener: listener}) }()
	if resp, err := http.Get("http://" + listener.Addr().String()); err == nil {
		resp.Body.Close()
		t.Errorf("status %d", resp.StatusCode)
	}
	server.Close()
	<-ended
	close(lines)
	for _, want := range []struct{ level, begins string }{
		{"WARN", "http: Accept error: accept tcp: too many open files; retrying"},
		{"DEBUG", "http: superfluous response.WriteHeader call"},
		{"ERROR", "http: panic serving: a defect\ngoroutine "},
	} {
		var got struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(<-lines), &got); err != nil {
			t.Fatal(err)
		}
		if got.Level != want.level || !strings.HasPrefix(got.Msg, want.begins) || strings.HasSuffix(got.Msg, "\n") {
			t.Errorf("%s %q, want %s %q", got.Level, got.Msg, want.level, want.begins)
		}
	}
}
