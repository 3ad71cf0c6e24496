package app

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/push"
	"github.com/dutybound/dutybound/internal/push/fcm"
)

// push sets the workers to the messages that commands leave behind.
func (a *App) push(ctx context.Context, approvals push.Approvals, concerns push.Concerns) error {
	channel, err := a.channel(ctx)
	if err != nil {
		return err
	}
	a.delivered = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "dutybound", Name: "pushes_total", Help: "Messages to devices, by what became of them.",
	}, []string{"outcome"})
	deliveries := notify.New(a.store, channel, a.log, func(o notify.Outcome) { a.delivered.WithLabelValues(string(o)).Inc() })
	runner, err := push.Start(context.WithoutCancel(ctx), a.store.Pool(), deliveries, approvals, concerns, a.log, push.Pace{})
	if err != nil {
		return err
	}
	a.onStop(runner.Stop)
	return nil
}

// channel is Firebase with an account, and without one a local endpoint that prints what would have been sent.
func (a *App) channel(ctx context.Context) (*fcm.Sender, error) {
	if a.config.FCMCredentials == "" && a.config.FCMEndpoint == "" {
		sink, err := fcm.StartSink(a.say)
		if err != nil {
			return nil, err
		}
		a.onStop(sink.Close)
		return fcm.New(ctx, fcm.Config{Endpoint: sink.URL()})
	}
	config := fcm.Config{Endpoint: a.config.FCMEndpoint}
	if a.config.FCMCredentials == "" {
		return fcm.New(ctx, config)
	}
	account, err := os.ReadFile(a.config.FCMCredentials)
	if err != nil {
		return nil, fmt.Errorf("--fcm-credentials: %w", err)
	}
	config.Credentials = account
	sender, err := fcm.New(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("--fcm-credentials %s: %w", a.config.FCMCredentials, err)
	}
	return sender, nil
}
