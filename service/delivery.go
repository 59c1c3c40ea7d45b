package service

import "time"

// Delivery is how far a target has been sent the history, as the file has it. A target is a receiver
// and what series are called there.
type Delivery struct {
	Target string
	// Revision tells whether somebody else has changed it: each change makes it one more. It is 0
	// where the file does not know the target.
	Revision int64
	Begun    time.Time // where what is to be sent begins
	Report   []byte    // what the sender keeps beside, as JSON
	Sent     []SentInterval
	Changed  int64 // samples that joined a bucket after it had been sent
}

// SentInterval is a stretch of time, [From, Until), whose buckets of one granularity a target has
// been sent.
type SentInterval struct {
	Granularity Granularity
	From, Until time.Time
	Sent        time.Time // when it was, the last of it
	Confirmed   time.Time // when the target was seen to have all of it, zero until then
	Audits      int       // how often it has been asked for all of it
}

// UnsentBuckets are buckets of one series in one hour that a target has to be sent although an
// interval of their time was sent: they came later, or were found missing. Of raw samples they are
// whole minutes.
type UnsentBuckets struct {
	Granularity Granularity
	SeriesID    int64     // 0 for all series, of raw samples
	Hour        time.Time // where the hour begins
	Minutes     uint64    // bit n: the bucket that begins n minutes later
}

// ParkedSamples are samples of one series at the receiver, in one hour, that the receiver does not
// take.
type ParkedSamples struct {
	Granularity Granularity
	SeriesID    int64
	Name        string    // of the metric at the receiver
	Hour        time.Time // where the hour begins
	Samples     int64
	Reason      string    // the receiver's words
	At          time.Time // when it refused them last
}
