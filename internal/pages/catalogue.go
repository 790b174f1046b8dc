package pages

import "github.com/userd/userd/internal/asset"

// catalogue is every asset there is.
func catalogue() asset.Set {
	return asset.Set{
		"/assets/favicon.svg":    asset.Plain(asset.TypeSVG, faviconSVG),
		"/assets/pages.css":      asset.Plain(asset.TypeCSS, pagesCSS),
		"/assets/playground.css": asset.Plain(asset.TypeCSS, playgroundCSS),
		"/assets/playground.js":  asset.Plain(asset.TypeJS, playgroundJS),
		"/assets/docs.js":        asset.Plain(asset.TypeJS, docsJS),
		"/assets/redoc.js":       asset.Plain(asset.TypeJS, redocJS),
		"/assets/LICENSES.txt":   asset.Plain(asset.TypeText, licensesTXT),

		"/assets/graphiql.css":                asset.Gzipped(asset.TypeCSS, graphiqlCSS),
		"/assets/graphiql.min.js":             asset.Gzipped(asset.TypeJS, graphiqlMinJS),
		"/assets/react.production.min.js":     asset.Gzipped(asset.TypeJS, reactJS),
		"/assets/react-dom.production.min.js": asset.Gzipped(asset.TypeJS, reactDOMJS),
		"/assets/redoc.standalone.js":         asset.Gzipped(asset.TypeJS, redocStandaloneJS),
		"/assets/swagger-ui.css":              asset.Gzipped(asset.TypeCSS, swaggerUICSS),
		"/assets/swagger-ui-bundle.js":        asset.Gzipped(asset.TypeJS, swaggerUIBundleJS),
	}
}
