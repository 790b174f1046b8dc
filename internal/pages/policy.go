package pages

// Directives that several pages share.
const (
	ownScripts = "script-src 'self'"
	ownStyles  = "style-src 'self'"
	// GraphiQL's dialogs add a style element whose text depends on the window.
	inlineStyles = "style-src 'self' 'unsafe-inline'"
	// ReDoc adds style elements too, but known ones: empty ones that it fills through the object model, which needs no
	// permission, and a fixed one. A new version of ReDoc may need other hashes; the browser then names them.
	redocStyles = "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' " +
		"'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
	ownCalls = "connect-src 'self'" // fetch, and WebSockets to the same host
	// ReDoc's search index is made in a worker whose script is part of the bundle.
	blobWorkers = "worker-src blob:"
	ownImages   = "img-src 'self'"
	// Stylesheets hold small pictures as data URLs.
	inlineImages = "img-src 'self' data:"
)
