package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// AnyOrigin lets the pages of everybody ask.
const AnyOrigin = "*"

// Refuse answers with an error, in the words and the shape of a handler.
type Refuse func(w http.ResponseWriter, r *http.Request, status int, message string)

// Rules says who may ask, and how.
type Rules struct {
	// Token is the bearer token of every request for data; "" asks for none.
	Token string
	// Origin is whose pages may ask from a browser (CORS), AnyOrigin for all; "" is nobody's.
	Origin string
	// MaxForm is how many bytes a form may have that is sent by POST. With 0 there are GET and
	// HEAD only.
	MaxForm int64
	// Refuse answers those who may not.
	Refuse Refuse
}

// Guarded answers those who have the token, if there is one, also from the pages of the origin that
// is configured.
func (r Rules) Guarded(next http.Handler) http.Handler {
	return r.shared(r.Asked(r.fromHere(r.authorized(next))))
}

// Public answers without a token what pages of other origins may not ask for all the same.
func (r Rules) Public(next http.Handler) http.Handler {
	return r.shared(r.Asked(r.fromHere(next)))
}

// Asked answers what is asked by GET and HEAD, and where forms are taken by POST.
func (r Rules) Asked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		isForm := r.MaxForm > 0 && request.Method == http.MethodPost
		switch {
		case !isForm && request.Method != http.MethodGet && request.Method != http.MethodHead:
			w.Header().Set("Allow", r.methods())
			r.Refuse(w, request, http.StatusMethodNotAllowed,
				Shown(request.Method)+" is not for this: want "+r.wanted())
		case isForm && request.ContentLength > r.MaxForm:
			w.Header().Set("Connection", "close") // so that nobody waits for the body
			r.Refuse(w, request, http.StatusRequestEntityTooLarge, tooLarge(r.MaxForm))
		case isForm:
			request.Body = http.MaxBytesReader(w, request.Body, r.MaxForm)
			next.ServeHTTP(w, request)
		case request.ContentLength != 0:
			w.Header().Set("Connection", "close")
			r.Refuse(w, request, http.StatusRequestEntityTooLarge, "a question has no body")
		default:
			next.ServeHTTP(w, request)
		}
	})
}

// FormProblem tells why a form could not be read: the status, and what to say.
func FormProblem(err error) (status int, message string) {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge, tooLarge(large.Limit)
	}
	return http.StatusBadRequest, "the form cannot be read: " + Shown(err.Error())
}

func tooLarge(limit int64) string {
	return "a form has at most " + strconv.FormatInt(limit, 10) + " bytes"
}

func (r Rules) methods() string {
	if r.MaxForm > 0 {
		return "GET, HEAD, POST"
	}
	return "GET, HEAD"
}

func (r Rules) wanted() string {
	if r.MaxForm > 0 {
		return "GET, HEAD or POST"
	}
	return "GET or HEAD"
}

// authorized answers questions that come with the token, or all if there is none.
func (r Rules) authorized(next http.Handler) http.Handler {
	if r.Token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !r.hasToken(request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="wanstore"`)
			r.Refuse(w, request, http.StatusUnauthorized, "want the token, as Authorization: Bearer TOKEN")
			return
		}
		next.ServeHTTP(w, request)
	})
}

func (r Rules) hasToken(request *http.Request) bool {
	scheme, token, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	// Of the hashes, because comparing texts in constant time still tells their lengths.
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(r.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// fromHere refuses what pages of other origins than the configured one make a browser ask. They
// could not read the answer, but have it made, again and again. Another name or port of the same
// site is another page, too: on the loopback each program has one.
func (r Rules) fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		origin := request.Header.Get("Origin")
		known := origin != "" && (r.Origin == AnyOrigin || r.Origin == origin)
		if isForeign(request, origin) && !known {
			r.Refuse(w, request, http.StatusForbidden, "pages of other sites may not ask")
			return
		}
		next.ServeHTTP(w, request)
	})
}

// isForeign tells whether a page of another origin has made a browser ask. Of older browsers only
// the origin of a form tells.
func isForeign(request *http.Request, origin string) bool {
	site := request.Header.Get("Sec-Fetch-Site")
	if site == "" && request.Method == http.MethodPost && origin != "" {
		from, err := url.Parse(origin)
		return err != nil || from.Host != request.Host
	}
	return site == "cross-site" || site == "same-site"
}

// shared lets the pages of the configured origin read the answers (CORS), and answers what their
// browsers ask first.
func (r Rules) shared(next http.Handler) http.Handler {
	if r.Origin == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if r.Origin != AnyOrigin && request.Header.Get("Origin") != r.Origin {
			next.ServeHTTP(w, request)
			return
		}
		header.Set("Access-Control-Allow-Origin", r.Origin)
		if request.Method != http.MethodOptions ||
			request.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, request)
			return
		}
		header.Set("Access-Control-Allow-Methods", r.methods())
		header.Set("Access-Control-Allow-Headers", "Authorization")
		header.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
