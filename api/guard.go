package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// answerLimit is how long a question may take.
const answerLimit = 30 * time.Second

// contentSecurityPolicy lets the page load what comes from here, and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// withHeaders sets what every answer has. Answers are not to be stored, unless a handler says
// otherwise.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// withLimit bounds the time that a question takes.
func withLimit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerLimit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// open answers GET and HEAD with what everybody may see.
func (a *API) open(f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			a.refuse(w, r,
				failed(http.StatusMethodNotAllowed, shown(r.Method)+" is not for this: want GET or HEAD"))
		case r.ContentLength != 0:
			w.Header().Set("Connection", "close") // so that nobody waits for the body
			a.refuse(w, r, failed(http.StatusRequestEntityTooLarge, "a question has no body"))
		default:
			f(w, r)
		}
	})
}

// guarded answers those who have the token, if there is one, also from the pages of the origin that
// is configured.
func (a *API) guarded(f http.HandlerFunc) http.Handler {
	return a.shared(a.open(a.fromHere(func(w http.ResponseWriter, r *http.Request) {
		if !a.authorized(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="wanstore"`)
			a.refuse(w, r, failed(http.StatusUnauthorized, "want the token, as Authorization: Bearer TOKEN"))
			return
		}
		f(w, r)
	})))
}

// fromHere refuses what pages of other origins than the configured one make a browser ask. They
// could not read the answer, but have it made, again and again. Another name or port of the same
// site is another page, too: on the loopback each program has one.
func (a *API) fromHere(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site, asking := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		known := asking != "" && (a.options.Origin == anyOrigin || a.options.Origin == asking)
		if (site == "cross-site" || site == "same-site") && !known {
			a.refuse(w, r, failed(http.StatusForbidden, "pages of other sites may not ask"))
			return
		}
		f(w, r)
	}
}

// authorized says that a question comes with the token, or that there is none.
func (a *API) authorized(r *http.Request) bool {
	if a.options.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Of the hashes, because comparing texts in constant time still tells their lengths.
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))),
		sha256.Sum256([]byte(a.options.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// anyOrigin lets the pages of everybody ask.
const anyOrigin = "*"

// shared lets the pages of the configured origin read the answers (CORS), and answers what their
// browsers ask first.
func (a *API) shared(next http.Handler) http.Handler {
	if a.options.Origin == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if a.options.Origin != anyOrigin && r.Header.Get("Origin") != a.options.Origin {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Origin", a.options.Origin)
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Methods", "GET, HEAD")
		header.Set("Access-Control-Allow-Headers", "Authorization")
		header.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
