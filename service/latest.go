package service

import "context"

// Latest returns the newest sample of every series, as [History.Latest] does.
//
// Errors: ErrReadTooLong, ErrDamaged, those of the file system, and that of ctx.
func (s *Snapshot) Latest(ctx context.Context) ([]Point, error) {
	ctx, done := s.during(ctx)
	defer done()
	return s.view.latest(ctx)
}

func (v *view) latest(ctx context.Context) ([]Point, error) {
	newest, err := v.snapshot.Newest(ctx)
	if err != nil {
		return nil, err
	}
	points := []Point{}
	for _, one := range newest {
		if series, ok := v.series[one.SeriesID]; ok {
			points = append(points, series.sample(one))
		}
	}
	return points, nil
}
