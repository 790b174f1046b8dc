package pages

const (
	typeCSS  = "text/css; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
	typeJS   = "text/javascript; charset=utf-8"
	typeSVG  = "image/svg+xml"
	typeText = "text/plain; charset=utf-8"
)

// catalogue is every asset there is, under the name it has in /assets/NAME.
func catalogue() map[string]asset {
	return map[string]asset{
		"favicon.svg":    plain(typeSVG, faviconSVG),
		"pages.css":      plain(typeCSS, pagesCSS),
		"playground.css": plain(typeCSS, playgroundCSS),
		"playground.js":  plain(typeJS, playgroundJS),
		"docs.js":        plain(typeJS, docsJS),
		"redoc.js":       plain(typeJS, redocJS),
		"LICENSES.txt":   plain(typeText, licensesTXT),

		"graphiql.css":                gzipped(typeCSS, graphiqlCSS),
		"graphiql.min.js":             gzipped(typeJS, graphiqlMinJS),
		"react.production.min.js":     gzipped(typeJS, reactJS),
		"react-dom.production.min.js": gzipped(typeJS, reactDOMJS),
		"redoc.standalone.js":         gzipped(typeJS, redocStandaloneJS),
		"swagger-ui.css":              gzipped(typeCSS, swaggerUICSS),
		"swagger-ui-bundle.js":        gzipped(typeJS, swaggerUIBundleJS),
	}
}
