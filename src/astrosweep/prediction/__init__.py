"""What is made of the predictions of a model for people who use them."""
