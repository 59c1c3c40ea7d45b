// Package web has what the HTTP handlers of the project have in common: who may ask and how, what
// each answer carries, and how long one may take.
package web
