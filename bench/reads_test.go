package bench

import (
	"encoding/json"
	"testing"
)

// fields are the seven of a user.
const fields = `id email firstName lastName isActive createdAt updatedAt`

// listQuery asks for the list; its answer is what the peers are given.
const listQuery = `{ users(first: 50) { nodes { ` + fields + ` } } }`

// graphQL is a request's body.
func graphQL(t testing.TB, query string, variables map[string]any) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// reads compares reads over REST with a bare server, and over GraphQL with
// REST and with the peers.
func (l *lab) reads(t *testing.T) {
	userd := l.startUserd(t, "--database-url="+l.fileOf(t, 50))
	_, users := send(t, "POST", userd.base+"/graphql", graphQL(t, listQuery, nil))
	peers := l.startPeers(t, users)
	for _, c := range []struct {
		title, path, query string
		variables          map[string]any
		ofBare, ofREST     string
		ofPeer             string
	}{
		{"one user", "/users/" + userID(1), `query($id: ID!) { user(id: $id) { ` + fields + ` } }`, map[string]any{"id": userID(1)},
			"GET /users/{id}, of bare net/http", "GraphQL user(id) of 7 fields, of GET /users/{id}", "GraphQL user(id), of "},
		{"50 users", "/users", listQuery, nil,
			"GET /users, 50 users, of bare net/http", "GraphQL users(first: 50) of 7 fields, of GET /users", "GraphQL users(first: 50), of "},
	} {
		header, body := get(t, userd.base+c.path)
		request := graphQL(t, c.query, c.variables)
		contenders := []contender{
			{name: "bare net/http", server: startBare(t, answer{Header: header, Body: body}), script: getting(c.path)},
			{name: "userd, REST", server: userd, script: getting(c.path)},
			{name: "userd, GraphQL", server: userd, script: posting("/graphql", request)},
		}
		_, want := send(t, "POST", userd.base+"/graphql", request)
		for _, name := range peerNames {
			if _, got := send(t, "POST", peers[name].base+"/graphql", request); !sameBytes(got, want) {
				t.Fatalf("%s answers %s; userd %s", name, got, want)
			}
			contenders = append(contenders, contender{name: name, server: peers[name], script: posting("/graphql", request)})
		}
		turns := l.contend(t, "Reads of "+c.title+", from a file's memory", l.turn, contenders...)
		l.note(t, c.ofBare, ratios(turns, "userd, REST", "bare net/http")...)
		l.note(t, c.ofREST, ratios(turns, "userd, GraphQL", "userd, REST")...)
		for _, name := range peerNames {
			l.note(t, c.ofPeer+name, ratios(turns, "userd, GraphQL", name)...)
		}
	}
}
