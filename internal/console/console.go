package console

import (
	_ "embed"
	"net/http"

	"github.com/userd/userd/internal/asset"
)

// A variable a file, rather than an embed.FS: a missing file fails the build, and no name that a client sends is ever
// a path.
var (
	//go:embed dist/index.html
	indexHTML string
	//go:embed dist/favicon.svg
	faviconSVG string
	//go:embed dist/console.js.gz
	consoleJS string
	//go:embed dist/style.css.gz
	styleCSS string
	//go:embed dist/LICENSES.txt
	licensesTXT string
)

// Paths are the patterns of all paths that are the page itself, which finds out by its address what to show. What it loads
// is under [AssetsPath].
var Paths = []string{"/console", "/console/import", "/console/keys", "/console/users/{id}"}

// AssetsPath is the pattern of the paths of what the page loads.
const AssetsPath = "/console/assets/*"

func catalogue() asset.Set {
	return asset.Set{
		"/console/assets/favicon.svg":  asset.Plain(asset.TypeSVG, faviconSVG),
		"/console/assets/console.js":   asset.Gzipped(asset.TypeJS, consoleJS),
		"/console/assets/style.css":    asset.Gzipped(asset.TypeCSS, styleCSS),
		"/console/assets/LICENSES.txt": asset.Plain(asset.TypeText, licensesTXT),
	}
}

// Page serves the page, for each of [Paths]. Its policy allows its own files and calls of this service. Where browsers know
// Trusted Types, nothing can become markup that was a text.
func Page() http.Handler {
	return catalogue().Page(indexHTML, asset.Policy(
		"script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
		"require-trusted-types-for 'script'", "trusted-types 'none'"))
}

// Assets serves what the page loads, and gives other paths to notFound.
func Assets(notFound http.Handler) http.Handler { return catalogue().Handler(notFound) }
