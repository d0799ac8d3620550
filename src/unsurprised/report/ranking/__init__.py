"""The report of the columns of a data set by what they tell of one of them."""
