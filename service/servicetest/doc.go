// Package servicetest holds the rules for what users type (e-mail addresses,
// names, passwords, searches) as tables of cases. Every path that takes such a
// value (the service itself, each store, REST and GraphQL) is tested with the
// same tables, so that none of them can have a rule of its own.
//
// An In that is not valid UTF-8 cannot be sent as JSON: a transport refuses it
// before the service hears of it, and leaves such a case out with
// [utf8.ValidString].
package servicetest
