/** Which page belongs to which address; each page is downloaded when it is first shown. */
import { Component, type ComponentChildren } from "preact";
import { LocationProvider, lazy, Route, Router } from "preact-iso";
import { Button } from "./components/basics";
import { noteNavigation } from "./components/shell";
import { t } from "./i18n";

const Start = lazy(() => import("./pages/start"));
const SignIn = lazy(() => import("./pages/sign-in"));
const Courses = lazy(() => import("./pages/courses"));
const CoursePage = lazy(() => import("./pages/course"));
const BookPage = lazy(() => import("./pages/book"));
const AttendancePage = lazy(() => import("./pages/attendance"));
const LivePage = lazy(() => import("./pages/lesson"));
const ReplayPage = lazy(() => import("./pages/replay"));
const TeachPage = lazy(() => import("./pages/teach"));
const ScreenPage = lazy(() => import("./pages/screen"));
const ListenPage = lazy(() => import("./pages/listen"));
const Library = lazy(() => import("./pages/recordings"));
const TimetablePage = lazy(() => import("./pages/timetable"));
const People = lazy(() => import("./pages/people"));
const Offline = lazy(() => import("./pages/offline"));
const Gallery = lazy(() => import("./pages/gallery"));
const NotFound = lazy(() => import("./pages/notfound"));

/** The last resort: a page that throws says so and offers the way on. */
class Guard extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  render() {
    if (!this.state.broken) return this.props.children;
    return (
      <main class="centre">
        <h1>{t().crashTitle}</h1>
        <p>{t().crashHint}</p>
        <Button look="primary" icon="reconnecting" onClick={() => location.reload()}>
          {t().reload}
        </Button>
      </main>
    );
  }
}

/** A new page begins at its top and its heading, also for those who hear it. */
function onRouteChange(): void {
  noteNavigation();
  window.scrollTo(0, 0);
}

export function App() {
  return (
    <Guard>
      <LocationProvider>
        <Router onRouteChange={onRouteChange}>
          <Route path="/" component={Start} />
          <Route path="/sign-in" component={SignIn} />
          <Route path="/courses" component={Courses} />
          <Route path="/courses/:id" component={CoursePage} />
          <Route path="/courses/:id/questions" component={BookPage} />
          <Route path="/courses/:id/attendance" component={AttendancePage} />
          <Route path="/lessons/:id/attendance" component={AttendancePage} />
          <Route path="/lessons/:id" component={LivePage} />
          <Route path="/lessons/:id/replay" component={ReplayPage} />
          <Route path="/lessons/:id/teach" component={TeachPage} />
          <Route path="/lessons/:id/screen" component={ScreenPage} />
          <Route path="/lessons/:id/listen" component={ListenPage} />
          <Route path="/recordings" component={Library} />
          <Route path="/timetable" component={TimetablePage} />
          <Route path="/people" component={People} />
          <Route path="/offline" component={Offline} />
          <Route path="/dev/gallery" component={Gallery} />
          <Route default component={NotFound} />
        </Router>
      </LocationProvider>
    </Guard>
  );
}
