package block

import (
	"math"
	"strconv"
)

// exact is up to where float64 has all whole numbers.
const exact = 1 << 53

// appendNumber appends the shortest decimal that reads back to the bit of a finite v; -0 is 0.
func appendNumber(dst []byte, v float64) []byte {
	size := math.Abs(v)
	if size <= exact {
		if whole := int64(v); float64(whole) == v {
			return strconv.AppendInt(dst, whole, 10)
		}
	}
	// Most measurements have few decimals. A quotient of exact numbers is rounded once, as the
	// decimal is when it is read, and no two decimals of 15 digits are the same float64: what is
	// equal here is both exact and the shortest.
	if size >= 1e-3 && size < 1e6 {
		if billionths := int64(size*1e9 + 0.5); float64(billionths)/1e9 == size {
			if v < 0 {
				dst = append(dst, '-')
			}
			return appendBillionths(dst, uint64(billionths))
		}
	}
	format := byte('f')
	if size < 1e-3 || size >= 1e21 {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

// appendBillionths appends n / 10^9, which is not whole, without zeros at the end.
func appendBillionths(dst []byte, n uint64) []byte {
	dst = strconv.AppendUint(dst, n/1e9, 10)
	fraction, digits := uint32(n%1e9), 9
	for fraction%1000 == 0 {
		fraction, digits = fraction/1000, digits-3
	}
	for fraction%10 == 0 {
		fraction, digits = fraction/10, digits-1
	}
	dst = append(dst, ".000000000"[:1+digits]...)
	for i := len(dst) - 1; fraction > 0; i-- {
		dst[i] = byte('0' + fraction%10)
		fraction /= 10
	}
	return dst
}

// number reads the JSON number at text[at:] and returns it with where it ends, or -1 where there is
// none that is finite. It reads -0 as 0.
func number(text []byte, at int) (float64, int) {
	from := at
	negative := at < len(text) && text[at] == '-'
	if negative {
		at++
	}
	first := at
	mantissa, at := digits(0, text, at)
	count, decimals := at-first, 0
	if count == 0 || count > 1 && text[first] == '0' {
		return 0, -1
	}
	if at < len(text) && text[at] == '.' {
		first = at + 1
		mantissa, at = digits(mantissa, text, first)
		if decimals = at - first; decimals == 0 {
			return 0, -1
		}
	}
	// With up to 19 digits the mantissa has not overflowed, and the power of ten is exact.
	if count+decimals > 19 || mantissa > exact || at < len(text) && text[at]|0x20 == 'e' {
		return anyNumber(text, from, at)
	}
	v := float64(mantissa) / powers[decimals]
	if negative {
		v = 0 - v // and not -0
	}
	return v, at
}

// digits reads decimal digits behind those that n is made of. It overflows behind the 19th.
func digits(n uint64, text []byte, at int) (uint64, int) {
	for at < len(text) && text[at]-'0' <= 9 {
		n = n*10 + uint64(text[at]-'0')
		at++
	}
	return n, at
}

// anyNumber reads the JSON number that begins at from; at text[at:] its exponent may follow.
func anyNumber(text []byte, from, at int) (float64, int) {
	if at < len(text) && text[at]|0x20 == 'e' {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		exponent := at
		if _, at = digits(0, text, at); at == exponent {
			return 0, -1
		}
	}
	v, err := strconv.ParseFloat(string(text[from:at]), 64)
	if err != nil {
		return 0, -1
	}
	return v + 0, at // -0 + 0 is 0
}

// natural reads a whole number without sign and leading zeros, and of at most 18 digits so that it
// fits. It returns where it ends, or -1 where there is none.
func natural(text []byte, at int) (int64, int) {
	n, end := digits(0, text, at)
	count := end - at
	if count == 0 || count > 18 || count > 1 && text[at] == '0' {
		return 0, -1
	}
	return int64(n), end
}

// integer is natural with a sign that may be there.
func integer(text []byte, at int) (int64, int) {
	if at < len(text) && text[at] == '-' {
		n, end := natural(text, at+1)
		return -n, end
	}
	return natural(text, at)
}

// powers of ten that are exact; the others up to 10^22 are not needed.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}
