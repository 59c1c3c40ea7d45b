// Package browser opens the page of the API in a headless Chromium and looks at what a person would
// see: the numbers that are plotted, what dragging, keys and buttons do, and what the page says
// when something is in the way.
package browser
