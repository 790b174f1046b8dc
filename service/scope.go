package service

import "slices"

// Scope names a part of what can be done here. An actor has some of them.
type Scope string

// The scopes.
const (
	// ScopeUsersRead: read every user, list and search them.
	ScopeUsersRead Scope = "users:read"
	// ScopeUsersWrite: create, change and delete users.
	ScopeUsersWrite Scope = "users:write"
	// ScopeUsersVerify: find out whether a password is a user's, and make and
	// redeem one-time tokens, which also set passwords.
	ScopeUsersVerify Scope = "users:verify"
	// ScopeChangesRead: read and follow the change log, old values and all.
	ScopeChangesRead Scope = "changes:read"
	// ScopeAdmin: everything, also keys and whole exports with password hashes.
	ScopeAdmin Scope = "admin"
)

// Scopes lists all scopes, for messages and tests.
func Scopes() []Scope {
	return []Scope{ScopeUsersRead, ScopeUsersWrite, ScopeUsersVerify, ScopeChangesRead, ScopeAdmin}
}

// KnownScopes are those of names that are scopes, each once, in the order of
// [Scopes]. Other services' scopes may stand between them in a token.
func KnownScopes(names []string) []Scope {
	var known []Scope
	for _, s := range Scopes() {
		if slices.Contains(names, string(s)) {
			known = append(known, s)
		}
	}
	return known
}
