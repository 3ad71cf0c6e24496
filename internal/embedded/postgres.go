// Package embedded owns the databases of the default run and of the tests: a private Postgres cluster that lives and dies
// with this process, and a Redis inside it. Production sets DATABASE_URL and REDIS_URL and never comes here.
//
// The cluster is the distribution's own Postgres (or one fetched once, see Search), started as a child process on a unix
// socket in a folder nobody else may enter. It never listens on a port, so it neither meets nor disturbs another Postgres.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser   = "dutybound" // the cluster's owner; reachable only through the private socket folder
	database    = "dutybound" // made at the first start
	readyPoll   = 5 * time.Millisecond
	hurriedStop = 5 * time.Second // how long an immediate shutdown may take before the server is killed
)

// PostgresConfig says where the cluster lives and how it runs.
type PostgresConfig struct {
	// DataDir is the folder that keeps the cluster between runs; it is made when missing. When the server has to run as
	// another user (we are root) and that user cannot reach the folder, one under /var/tmp takes its place and Say tells.
	DataDir string
	// Throwaway makes a cluster in a folder of its own, in memory when there is room, without any durability, and removes it
	// on Stop. DataDir must be empty then.
	Throwaway bool
	// Settings are added to the server's command line, for example {"work_mem": "16MB"}; they win over ours.
	Settings map[string]string
	// Search finds the server's programs; nil means DefaultSearch.
	Search *Search
	// Say hears, before each long step, what is about to happen; nil is silence.
	Say io.Writer
}

// Postgres is a running cluster.
type Postgres struct {
	home    *home
	socket  *claim
	process *os.Process
	done    chan struct{}
	exit    error // why the process ended; read after done

	stop    sync.Once
	stopErr error
}

// StartPostgres starts the cluster, making it first when the folder is new, and returns once it answers. The context bounds
// the start only; Stop ends the cluster. If this process dies without Stop, even by kill -9, the server shuts down by itself.
func StartPostgres(ctx context.Context, cfg PostgresConfig) (*Postgres, error) {
	say := narrator(cfg.Say)
	user, err := serverAccount()
	if err != nil {
		return nil, err
	}
	h, err := openHome(cfg, user, say)
	if err != nil {
		return nil, err
	}
	p, err := startIn(ctx, h, cfg, user, say)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return p, nil
}

func startIn(ctx context.Context, h *home, cfg PostgresConfig, user *account, say narrate) (*Postgres, error) {
	if err := awaitFormerServer(ctx, h.cluster(), say); err != nil {
		return nil, err
	}
	h.removeDrafts()
	major, err := h.major()
	if err != nil {
		return nil, err
	}
	search := DefaultSearch()
	if cfg.Search != nil {
		search = *cfg.Search
	}
	programs, err := search.find(ctx, major, user, say)
	if err != nil {
		return nil, err
	}
	if major == 0 {
		err = h.initialise(ctx, programs, say)
	} else {
		err = h.adopt()
	}
	if err != nil {
		return nil, err
	}
	return launch(ctx, h, programs, cfg.Settings)
}

// launch starts the server process and waits until it answers.
func launch(ctx context.Context, h *home, programs binaries, settings map[string]string) (*Postgres, error) {
	socket, err := openSocketFolder(h.user)
	if err != nil {
		return nil, err
	}
	log, err := h.openLog()
	if err == nil {
		err = h.noteSocket(socket.dir)
	}
	if err != nil {
		return nil, errors.Join(err, socket.release())
	}
	defer log.Close()

	p := &Postgres{home: h, socket: socket, done: make(chan struct{})}
	cmd := exec.Command(programs.postgres(), serverArguments(h, socket.dir, settings)...)
	// The file itself, not something that wraps it: else os/exec copies through a pipe, which ends with this function.
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = "/", cleanEnvironment(), log.File, log.File
	confine(cmd, h.user, syscall.SIGINT) // to Postgres SIGINT means: fast, clean shutdown
	if err := p.spawn(cmd); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", cmd.Path, err), socket.release())
	}
	if err := p.awaitReady(ctx); err != nil {
		err = fmt.Errorf("the database server did not start: %w%s", err, h.logSince(log.start))
		p.kill(ctx)
		return nil, errors.Join(err, socket.release())
	}
	return p, nil
}

// awaitReady returns once the server answers and the database exists, or fails as soon as the process has ended.
func (p *Postgres) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		err := p.createDatabase(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.exit
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (p *Postgres) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
	return err
}

// URL is the address of one database of the cluster, for pgx and for psql. It names port and sslmode so that PG* variables of
// the environment cannot bend it. An empty name means the database made at the first start.
func (p *Postgres) URL(db string) string {
	if db == "" {
		db = database
	}
	q := url.Values{"host": {p.socket.dir}, "port": {"5432"}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + url.PathEscape(db) + "?" + q.Encode()
}

// DataDir is the folder really in use; it differs from the one asked for when that could not be reached by the server's user.
func (p *Postgres) DataDir() string { return p.home.dir }

// Pid is the server's process id.
func (p *Postgres) Pid() int { return p.process.Pid }

// Done is closed when the server has ended, by Stop or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Stop shuts the server down cleanly, in the last resort at once when the context ends first, and gives the folder free.
// Calling it again returns the same answer.
func (p *Postgres) Stop(ctx context.Context) error {
	p.stop.Do(func() { p.stopErr = p.shutdown(ctx) })
	return p.stopErr
}

func (p *Postgres) shutdown(ctx context.Context) error {
	var failure error
	select {
	case <-p.done:
		failure = fmt.Errorf("the database server had already ended: %w", p.exit)
	default:
		_ = p.process.Signal(syscall.SIGINT) // may just have ended; done tells
		select {
		case <-p.done:
		case <-ctx.Done():
			failure = fmt.Errorf("the database server was stopped at once, it recovers at the next start: %w", ctx.Err())
			p.kill(ctx)
		}
	}
	return errors.Join(failure, p.socket.release(), p.home.close())
}

// kill ends the server without waiting for its clients: first its own immediate shutdown, which takes its children along.
func (p *Postgres) kill(ctx context.Context) {
	_ = p.process.Signal(syscall.SIGQUIT)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hurriedStop)
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		_ = p.process.Kill()
		<-p.done
	}
}

// narrate says what is about to happen.
type narrate func(format string, args ...any)

func narrator(w io.Writer) narrate {
	if w == nil {
		w = io.Discard
	}
	return func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
}
