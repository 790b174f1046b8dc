package pages

import _ "embed"

// A variable a file, rather than an embed.FS: a missing file fails the build, and no name that a client sends is ever
// a path.
var (
	//go:embed static/index.html
	indexHTML string
	//go:embed static/playground.html
	playgroundHTML string
	//go:embed static/docs.html
	docsHTML string
	//go:embed static/redoc.html
	redocHTML string

	//go:embed static/favicon.svg
	faviconSVG string
	//go:embed static/pages.css
	pagesCSS string
	//go:embed static/playground.css
	playgroundCSS string
	//go:embed static/playground.js
	playgroundJS string
	//go:embed static/docs.js
	docsJS string
	//go:embed static/redoc.js
	redocJS string

	//go:embed assets/graphiql.css.gz
	graphiqlCSS string
	//go:embed assets/graphiql.min.js.gz
	graphiqlMinJS string
	//go:embed assets/react.production.min.js.gz
	reactJS string
	//go:embed assets/react-dom.production.min.js.gz
	reactDOMJS string
	//go:embed assets/redoc.standalone.js.gz
	redocStandaloneJS string
	//go:embed assets/swagger-ui.css.gz
	swaggerUICSS string
	//go:embed assets/swagger-ui-bundle.js.gz
	swaggerUIBundleJS string
	//go:embed assets/LICENSES.txt
	licensesTXT string
)
