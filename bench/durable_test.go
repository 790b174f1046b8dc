package bench

import (
	"path/filepath"
	"testing"
)

// durable compares changes that are on the disk before they are acknowledged
// with such that never get there, and with the least that has to be done.
func (l *lab) durable(t *testing.T) {
	const users, clients = 10_000, 64
	file := l.startUserd(t, "--database-url="+l.fileOf(t, users))
	memory := l.startUserd(t, "--database-url=memory:", "--seed="+rowsOf(t, users))
	header, body := send(t, "PUT", file.base+"/users/"+userID(1)+"/email", `{"email":"first@example.com"}`)
	bare := startBare(t, answer{Header: header, Body: body, Log: filepath.Join(t.TempDir(), "log")})
	script := puttingEmail(users)
	turns := l.contend(t, "PUT /users/{id}/email, 64 clients", l.turn,
		contender{name: "userd, file", server: file, script: script, clients: clients},
		contender{name: "userd, memory", server: memory, script: script, clients: clients},
		contender{name: "bare net/http, append and fdatasync", server: bare, script: script, clients: clients})
	l.note(t, "durable PUT /users/{id}/email, 64 clients, of the same without a file", ratios(turns, "userd, file", "userd, memory")...)
	l.note(t, "durable PUT /users/{id}/email, 64 clients, of bare net/http with append and fdatasync",
		ratios(turns, "userd, file", "bare net/http, append and fdatasync")...)
}
