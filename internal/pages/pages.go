package pages

import (
	"net/http"
	"regexp"

	"github.com/userd/userd/internal/asset"
)

// Index is the start page, for the path /. It says what the service is and leads to everything it offers, with or without
// the console.
func Index(withConsole bool) http.Handler {
	html := indexHTML
	if !withConsole {
		html = consoleCard.ReplaceAllString(html, "")
	}
	return catalogue().Page(html, asset.Policy(ownStyles, ownImages))
}

// consoleCard is the line of the start page that leads to the console.
var consoleCard = regexp.MustCompile(`.*href="/console".*\n`)

// Playground is GraphiQL against /graphql, for the path /playground. Subscriptions go over a WebSocket to the same
// path.
func Playground() http.Handler {
	return catalogue().Page(playgroundHTML, asset.Policy(ownScripts, inlineStyles, ownCalls, inlineImages))
}

// SwaggerUI presents /openapi.json with forms to try each operation out, for the path /docs.
func SwaggerUI() http.Handler {
	return catalogue().Page(docsHTML, asset.Policy(ownScripts, ownStyles, ownCalls, inlineImages))
}

// ReDoc presents /openapi.json for reading, for the path /redoc.
func ReDoc() http.Handler {
	return catalogue().Page(redocHTML, asset.Policy(ownScripts, redocStyles, ownCalls, inlineImages, blobWorkers))
}
