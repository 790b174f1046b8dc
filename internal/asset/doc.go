// Package asset serves files that the binary holds: documents under a content security policy, and what they load.
//
// A document is asked for again each time and names each file by its hash, so that browsers may keep files for good and
// still load the new ones after an upgrade.
//
// The handlers answer any method as they answer GET (HEAD without a body): which methods get through is the router's
// affair.
package asset
