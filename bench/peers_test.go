package bench

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peerNames are the other GraphQL servers, in the order they are told in.
var peerNames = []string{"mercurius", "graph-gophers", "Apollo Server", "GraphQL Yoga"}

// startPeers starts the peers with the users of userd's answer to a list.
func (l *lab) startPeers(t testing.TB, users []byte) map[string]*server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(file, users, 0o644); err != nil {
		t.Fatal(err)
	}
	gophers := filepath.Join(t.TempDir(), "gophers")
	if out, err := exec.Command("go", "build", "-o", gophers, "./gophers").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	programs := map[string][]string{
		"mercurius":     {"node", "peers/mercurius.mjs"},
		"graph-gophers": {gophers},
		"Apollo Server": {"node", "peers/apollo.mjs"},
		"GraphQL Yoga":  {"node", "peers/yoga.mjs"},
	}
	peers := make(map[string]*server)
	for _, name := range peerNames {
		address := freeAddress(t)
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(programs[name][0], append(programs[name][1:], port, file)...)
		cmd.Env = append(os.Environ(), "NODE_ENV=production")
		peers[name] = serve(t, cmd, address, "/graphql")
	}
	return peers
}

// sameBytes tells whether two answers are the same, apart from a line's end.
func sameBytes(got, want []byte) bool {
	return bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want))
}
