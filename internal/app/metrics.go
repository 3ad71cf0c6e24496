package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dutybound/dutybound/internal/postgres"
)

// registry holds what is measured of the service besides its requests.
func (a *App) registry(r rooms) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(gauges(r)...)
	registry.MustRegister(a.delivered, lag{a.store})
	return registry
}

func gauges(r rooms) []prometheus.Collector {
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "dutybound", Name: name, Help: help}, read)
	}
	return []prometheus.Collector{
		gauge("feed_subscribers", "Viewers connected to the feed.", func() float64 { return float64(r.hub.Stats().Subscribers) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "dutybound", Name: "feed_slow_total", Help: "Viewers cut because they did not keep up.",
		}, func() float64 { return float64(r.hub.Stats().Slow) }),
		gauge("ledger_head", "Events numbered by this process's sequencer.", func() float64 { return float64(r.sequencer.Status().Head) }),
		gauge("sequencer_elected", "1 while this process numbers events.", func() float64 { return truth(r.sequencer.Status().Elected) }),
		gauge("sequencer_stopped", "1 while numbering has stopped on a failure.", func() float64 { return truth(r.sequencer.Status().Err != nil) }),
	}
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// lag is how far the record is behind what was committed, asked of the database at each scrape. More than some seconds means that
// no process numbers events: the feed and the histories stand still.
type lag struct{ store *postgres.Store }

// scrapePatience is how long a scrape waits for the database; the rest of the figures are told without it.
const scrapePatience = 2 * time.Second

var (
	eventsWaiting = prometheus.NewDesc("dutybound_events_waiting", "Committed events that have no number yet.", nil, nil)
	eventsLag     = prometheus.NewDesc("dutybound_events_lag_seconds", "Age of the oldest event without a number.", nil, nil)
)

func (l lag) Describe(to chan<- *prometheus.Desc) { to <- eventsWaiting; to <- eventsLag }

func (l lag) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	n, oldest, err := l.store.Waiting(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(eventsWaiting, err)
		return
	}
	to <- prometheus.MustNewConstMetric(eventsWaiting, prometheus.GaugeValue, float64(n))
	to <- prometheus.MustNewConstMetric(eventsLag, prometheus.GaugeValue, oldest.Seconds())
}

func (a *App) serveMetrics(registry *prometheus.Registry) error {
	if a.config.MetricsListen == "" {
		return nil
	}
	listener, err := net.Listen("tcp", a.config.MetricsListen)
	if err != nil {
		return fmt.Errorf("--metrics-listen: %w", err)
	}
	a.metrics = listener
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: a.config.RequestTimeout}
	a.onStop(server.Shutdown)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("metrics: %w", err))
		}
	}()
	return nil
}
