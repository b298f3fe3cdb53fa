"""From many candidates' predictions to one mixture whose uncertainty can be trusted."""
