// Package storetest is the contract of [service.Store] as a list of small
// named cases: each sentence there is at least one case here. Every store
// passes all of them, and there is no way to skip one.
package storetest

import (
	"testing"

	"github.com/userd/userd/service"
)

// Run holds the stores that open returns to the contract. open is called once
// for each case, and returns an empty store that is closed when t ends.
func Run(t *testing.T, open func(t *testing.T) service.Store) {
	for _, theme := range themes() {
		t.Run(theme.name, func(t *testing.T) {
			for _, c := range theme.cases {
				t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
			}
		})
	}
}

// theme is a part of the contract.
type theme struct {
	name  string
	cases []contract
}

// contract is one sentence that holds for every store, and what shows it.
type contract struct {
	name string
	run  func(t *testing.T, s service.Store)
}

func themes() []theme {
	return []theme{
		{"create", createCases()},
		{"read", readCases()},
		{"update", updateCases()},
		{"verification", verificationCases()},
		{"delete", deleteCases()},
		{"versions", versionCases()},
		{"order", orderCases()},
		{"page", pageCases()},
		{"filter", filterCases()},
		{"time", timeCases()},
		{"text", textCases()},
		{"race", raceCases()},
		{"context", contextCases()},
		{"caller", callerCases()},
		{"log", logCases()},
		{"export", exportCases()},
		{"import", importCases()},
		{"keys", keyCases()},
		{"items", itemCases()},
		{"model", modelCases()},
	}
}
